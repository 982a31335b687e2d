/** A secret that was just made: shown once, or written to a file that was not there. */
import { open, rm } from 'node:fs/promises'
import type { Instant } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { accept, type Result } from '../base/result.ts'
import type { ApiKey } from '../client/api-key.ts'
import { keyFileText } from './key-file.ts'
import { type Answer, EXIT, type Failure, refuseUsage } from './outcome.ts'
import { fieldLines, timeText } from './print.ts'

type Otherwise = {
  /** What is done about a key that could not be written down. */
  undo(key: ApiKey): Promise<unknown>
  /** What it is then, for the message. */
  readonly undone: string
}

/** The file comes first: a key that could not be written down would live on unknown. */
export async function madeKey<Key extends ApiKey>(
  make: () => Promise<Key>,
  file: string | null,
  otherwise: Otherwise,
): Promise<Result<Key, Failure>> {
  if (file === null) return accept(await make())
  const handle = await open(file, 'wx', 0o600).catch((error) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null
    throw error
  })
  if (handle === null) return refuseUsage(`${file} is there already; a key never replaces another.`)
  let key: Key | null = null
  try {
    await using target = handle
    key = await make()
    await target.writeFile(keyFileText(key))
    await target.sync()
    return accept(key)
  } catch (cause) {
    await rm(file, { force: true })
    if (key === null) throw cause
    await otherwise.undo(key)
    const doing = `writing ${file} (key ${key.id} ${otherwise.undone})`
    throw new Fault({ code: 'key-file-not-written', doing, retry: 'never', cause })
  }
}

export function shownKey(
  made: ApiKey,
  about: {
    readonly file: string | null
    readonly expiration: Instant | null
    /** Of the secret before; absent: there was none. */
    readonly previousUntil?: Instant | null
  },
): Answer {
  const { id, mode, key } = made
  const { file, expiration, previousUntil } = about
  const fields: [string, string][] = [
    ['id', String(id)],
    ['mode', mode],
    ['expires', timeText(expiration)],
    ...(previousUntil === undefined ? [] : [overlapField(previousUntil)]),
    file === null ? ['key', key] : ['file', file],
  ]
  const json = {
    ...{ id, mode, expiration },
    ...(previousUntil === undefined ? {} : { previous_valid_until: previousUntil }),
    ...(file === null ? { key } : { file }),
  }
  return { exitCode: EXIT.done, lines: fieldLines(fields), json }
}

function overlapField(until: Instant | null): [string, string] {
  return ['old key', until === null ? 'ended' : `works until ${timeText(until)}`]
}
