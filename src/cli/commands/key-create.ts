import { open, rm } from 'node:fs/promises'
import type { Instant } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { accept, type Result } from '../../base/result.ts'
import type { ApiKey } from '../../client/api-key.ts'
import type { Client } from '../../client/client.ts'
import { defineApiCommand } from '../command.ts'
import { keyFileText } from '../key-file.ts'
import { durationMs } from '../option-values.ts'
import { EXIT, type Failure, refuseUsage } from '../outcome.ts'
import { fieldLines, timeText } from '../print.ts'

export const keyCreate = defineApiCommand({
  name: 'key create',
  summary: 'Make an API key; it is shown once and never again',
  options: {
    advanced: { kind: 'flag', help: 'a key that proves itself without being sent' },
    name: { kind: 'text', value: 'NAME', help: 'what it is for' },
    expires: { kind: 'text', value: 'TIME', help: 'when it ends: 12h, 30d, 4w (default: never)' },
    out: { kind: 'text', value: 'FILE', help: 'write it to a new file, mode 0600' },
  },
  async run({ io, client }, values) {
    const expires = values.expires === undefined ? null : durationMs(values.expires)
    if (values.expires !== undefined && expires === null) {
      return refuseUsage(`--expires is a time such as 12h, 30d or 4w, not "${values.expires}".`)
    }
    const expiration = expires === null ? null : io.clock.now() + expires
    const mode = values.advanced ? 'advanced' : 'standard'
    const order = { mode, name: values.name ?? null, expiration } as const
    const made = await makeKey(client, order, values.out ?? null)
    if (!made.ok) return made
    const { id, key } = made.value
    const fields: [string, string][] = [
      ['id', String(id)],
      ['mode', mode],
      ['expires', timeText(expiration)],
      values.out === undefined ? ['key', key] : ['file', values.out],
    ]
    const shown = { id, mode, expiration, ...(values.out === undefined ? { key } : {}) }
    const json = values.out === undefined ? shown : { ...shown, file: values.out }
    return accept({ exitCode: EXIT.done, lines: fieldLines(fields), json })
  },
})

type Order = {
  readonly mode: ApiKey['mode']
  readonly name: string | null
  readonly expiration: Instant | null
}

/** The file comes first: a key that could not be written down would live on unknown. */
async function makeKey(
  client: Client,
  order: Order,
  file: string | null,
): Promise<Result<ApiKey, Failure>> {
  const { mode, name, expiration } = order
  const generate = async () => {
    const reply = await client.apiKeys.generate({ security_level: mode, comment: name, expiration })
    return { ...reply, mode }
  }
  if (file === null) return accept(await generate())
  const handle = await open(file, 'wx', 0o600).catch((error) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null
    throw error
  })
  if (handle === null) return refuseUsage(`${file} is there already; a key never replaces another.`)
  let key: ApiKey | null = null
  try {
    await using target = handle
    key = await generate()
    await target.writeFile(keyFileText(key))
    await target.sync()
    return accept(key)
  } catch (cause) {
    await rm(file, { force: true })
    if (key === null) throw cause
    await client.apiKeys.delete([key.id])
    const doing = `writing ${file} (key ${key.id} was revoked again)`
    throw new Fault({ code: 'key-file-not-written', doing, retry: 'never', cause })
  }
}
