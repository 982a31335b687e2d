import type { Instant } from '../../base/clock.ts'
import { accept } from '../../base/result.ts'
import type { ApiKey } from '../../client/api-key.ts'
import type { Client } from '../../client/client.ts'
import { defineApiCommand } from '../command.ts'
import { madeKey, shownKey } from '../new-key.ts'
import { readExpiry } from '../option-values.ts'
import { refuseUsage } from '../outcome.ts'

export const keyCreate = defineApiCommand({
  name: 'key create',
  summary: 'Make an API key; it is shown once and never again',
  options: {
    advanced: { kind: 'flag', help: 'a key that proves itself without being sent' },
    name: { kind: 'text', value: 'NAME', help: 'what it is for' },
    role: { kind: 'text', value: 'NAME', help: 'what it may do (default: as the key that asks)' },
    tag: { kind: 'list', value: 'NAME', help: 'only endpoints with this tag' },
    user: { kind: 'text', value: 'EMAIL', help: 'whose key it is' },
    expires: { kind: 'text', value: 'TIME', help: 'when it ends: 12h, 30d, 4w (default: never)' },
    out: { kind: 'text', value: 'FILE', help: 'write it to a new file, mode 0600' },
  },
  async run({ io, client }, values) {
    const expiry = readExpiry(values.expires, io.clock.now())
    if (!expiry.ok) return refuseUsage(expiry.refusal)
    const mode = values.advanced ? 'advanced' : 'standard'
    const { name = null, role, tag: tags, user, out: file = null } = values
    // Said, because the server's default is a week.
    const order = { mode, name, role, tags, user, expiration: expiry.value ?? null } as const
    const made = await madeKey(() => generate(client, order), file, {
      undo: (key) => client.apiKeys.delete([key.id]),
      undone: 'was revoked again',
    })
    if (!made.ok) return made
    return accept(shownKey(made.value, { file, expiration: order.expiration }))
  },
})

type Order = {
  readonly mode: ApiKey['mode']
  readonly name: string | null
  readonly role: string | undefined
  readonly tags: readonly string[]
  readonly user: string | undefined
  readonly expiration: Instant | null
}

async function generate(client: Client, order: Order): Promise<ApiKey> {
  const { mode, name, role, tags, user, expiration } = order
  const reply = await client.apiKeys.generate({
    security_level: mode,
    comment: name,
    expiration,
    ...(role === undefined ? {} : { roles: [role] }),
    ...(tags.length === 0 ? {} : { scope: { tags: [...tags] } }),
    ...(user === undefined ? {} : { user_email: user }),
  })
  return { ...reply, mode }
}
