/** The file that holds an API key: read by every call, written by `key create --out`. */
import { readFile } from 'node:fs/promises'
import { accept, type Result, refuse } from '../base/result.ts'
import { type ApiKey, apiKeyFile } from '../client/api-key.ts'
import { EXIT, type Failure } from './outcome.ts'

export async function readKeyFile(path: string): Promise<Result<ApiKey, Failure>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return refuse(
      noKey(`there is no API key to be read in ${path}`, [
        why,
        'A server writes one into its data directory at its first start;',
        '--key-file FILE or DRYDOCK_KEY_FILE names it.',
      ]),
    )
  }
  const parsed = apiKeyFile.safeParse(jsonIn(text))
  if (parsed.success) return accept(parsed.data)
  // Not what is in it: that may be a secret all the same.
  const shape = 'It should be {"id": 1, "key": "...", "mode": "standard" or "advanced"}.'
  return refuse(noKey(`${path} is no API key file`, [shape]))
}

function noKey(message: string, hints: readonly string[]): Failure {
  return { exitCode: EXIT.unauthorised, message, hints, reason: null }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Best effort: what is no JSON is no key either, and the schema says so.
    return undefined
  }
}

export function keyFileText(key: ApiKey): string {
  return `${JSON.stringify({ id: key.id, key: key.key, mode: key.mode })}\n`
}
