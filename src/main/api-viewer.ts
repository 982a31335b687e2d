/**
 * The viewer that shows the public API at `/docs`, from the package that is installed beside the
 * server: two files of it, and no others, so that what else it brings is never served.
 */
import { readFile } from 'node:fs/promises'
import { causeChain } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import type { ViewerFile } from '../server/openapi/viewer-file.ts'

const FILES = [
  { name: 'swagger-ui.css', contentType: 'text/css; charset=utf-8' },
  { name: 'swagger-ui-bundle.js', contentType: 'text/javascript; charset=utf-8' },
] as const

export async function readApiViewer(log: Log): Promise<readonly ViewerFile[]> {
  try {
    return await Promise.all(
      FILES.map(async (file) => ({ ...file, bytes: await readFile(placeOf(file.name)) })),
    )
  } catch (error) {
    // Best effort: a fleet is not kept waiting for a page that explains the API.
    log.warn({ error: causeChain(error) }, 'the API viewer is not installed: no page at /docs')
    return []
  }
}

function placeOf(name: string): URL {
  return new URL(name, import.meta.resolve('swagger-ui-dist/package.json'))
}
