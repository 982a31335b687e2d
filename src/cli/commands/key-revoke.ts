import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfWholeNumber } from '../option-values.ts'
import { EXIT, refuseFailed, refuseUsage } from '../outcome.ts'
import { counted } from '../print.ts'

export const keyRevoke = defineApiCommand({
  name: 'key revoke',
  summary: 'End API keys at once',
  operands: [{ name: 'ID', help: 'a number that "drydock key list" shows', count: 'many' }],
  options: {},
  async run({ client }, _values, operands) {
    const range = { least: 1, most: Number.MAX_SAFE_INTEGER }
    const flaw = operands.map((text) => flawOfWholeNumber('ID', text, range)).find((each) => each)
    if (flaw) return refuseUsage(flaw)
    const ids = [...new Set(operands.map(Number))]
    const { update_count: count } = await client.apiKeys.delete(ids)
    if (count === 0) return refuseFailed(`there is no live key ${ids.join(', ')}`)
    const lines = [
      `${counted(count, 'key')} revoked.`,
      ...(count < ids.length ? [`${ids.length - count} of those named were no live keys.`] : []),
    ]
    const exitCode = count < ids.length ? EXIT.failed : EXIT.done
    return accept({ exitCode, lines, json: { update_count: count } })
  },
})
