import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { madeKey, shownKey } from '../new-key.ts'
import { durationMs, flawOfWholeNumber, readExpiry } from '../option-values.ts'
import { refuseFailed, refuseUsage } from '../outcome.ts'

export const keyRotate = defineApiCommand({
  name: 'key rotate',
  summary: 'Give an API key a new secret under its id',
  operands: [{ name: 'ID', help: 'a number that "drydock key list" shows', count: 'one' }],
  options: {
    overlap: {
      kind: 'text',
      value: 'TIME',
      help: 'the old one works on: 12h, 7d, 0 (default: 1d)',
    },
    expires: { kind: 'text', value: 'TIME', help: 'when it ends (default: as before)' },
    out: { kind: 'text', value: 'FILE', help: 'write it to a new file, mode 0600' },
  },
  async run({ io, client }, values, [text = '']) {
    const flaw = flawOfWholeNumber('ID', text, { least: 1, most: Number.MAX_SAFE_INTEGER })
    if (flaw !== null) return refuseUsage(flaw)
    const expiry = readExpiry(values.expires, io.clock.now())
    if (!expiry.ok) return refuseUsage(expiry.refusal)
    const { overlap = '1d', out: file = null } = values
    const overlapMs = overlap === '0' ? 0 : durationMs(overlap)
    if (overlapMs === null) {
      return refuseUsage(`--overlap is a time such as 12h or 7d, or 0, not "${overlap}".`)
    }
    const id = Number(text)
    const [there] = (await client.apiKeys.get([id])).DATA
    if (there === undefined) return refuseFailed(`there is no live key ${id}`)
    const rotate = async () => {
      const expiration = expiry.value === undefined ? {} : { expiration: expiry.value }
      const order = { id, overlap_seconds: overlapMs / 1000, ...expiration }
      return { ...(await client.apiKeys.rotate(order)), mode: there.security_level }
    }
    const made = await madeKey(rotate, file, {
      undo: async () => undefined,
      undone: 'has a new secret that nobody knows: rotate it again',
    })
    if (!made.ok) return made
    const { expiration, previous_valid_until: previousUntil } = made.value
    return accept(shownKey(made.value, { file, expiration, previousUntil }))
  },
})
