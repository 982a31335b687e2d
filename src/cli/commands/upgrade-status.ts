import { defineApiCommand } from '../command.ts'
import { flawOfWholeNumber } from '../option-values.ts'
import { refuseUsage } from '../outcome.ts'
import { statusNow, watchToTheEnd } from '../upgrade-outcome.ts'

export const upgradeStatus = defineApiCommand({
  name: 'upgrade status',
  summary: 'Show how an upgrade action stands',
  notes: ['Its exit code is 1 when an endpoint did not succeed, as far as they have ended.'],
  operands: [{ name: 'ACTION_ID', help: 'the number that "drydock upgrade" gave', count: 'one' }],
  options: {
    watch: { kind: 'flag', help: 'until every endpoint has come to its end' },
    timeout: { kind: 'text', value: 'S', help: 'seconds to watch (default: to the end)' },
  },
  async run(context, values, [text = '']) {
    const flaw =
      flawOfWholeNumber('ACTION_ID', text, { least: 1, most: Number.MAX_SAFE_INTEGER }) ??
      flawOfWholeNumber('--timeout', values.timeout, { least: 1, most: 31 * 86_400 })
    if (flaw !== null) return refuseUsage(flaw)
    const ordered = { actionIds: [Number(text)], json: {}, isPartial: false }
    const limitS = values.timeout === undefined ? null : Number(values.timeout)
    return values.watch ? watchToTheEnd(context, ordered, limitS) : statusNow(context, ordered)
  },
})
