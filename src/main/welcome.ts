import { join } from 'node:path'
import { PRODUCT_VERSION } from './product-version.ts'

const DEFAULT_URL = 'http://127.0.0.1:8080'
const DEFAULT_DATA_DIR = './data'

/** What a person sees when the server is up: where it is, and the three commands to try next. */
export function welcome(server: {
  /** Where it listens. */
  readonly url: string
  /** How it is reached. */
  readonly publicUrl: string
  readonly dataDir: string
  readonly adminKey: unknown
}): string {
  const { url, publicUrl, dataDir } = server
  const variables = [
    ...(publicUrl === DEFAULT_URL ? [] : [`DRYDOCK_URL=${publicUrl}`]),
    ...(dataDir === DEFAULT_DATA_DIR ? [] : [`DRYDOCK_DATA_DIR=${dataDir}`]),
  ]
  const drydock = [...variables, './drydock'].join(' ')
  const key =
    server.adminKey === null
      ? 'The file with the first API key was taken away; use a key of your own (--key-file).'
      : `The first API key: ${join(dataDir, 'admin-key.json')}`
  return `
Drydock ${PRODUCT_VERSION} listens on ${url}
${key}

Try next, in another terminal:

  ${drydock} distribution create --name first --platform linux --wait --download sh=agent.sh
  sudo sh agent.sh
  ${drydock} endpoint list

Ctrl-C stops the server.

`
}
