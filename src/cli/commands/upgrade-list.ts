import { accept } from '../../base/result.ts'
import type { UpgradeActionObject } from '../../contract/public/upgrade-actions.ts'
import { defineApiCommand } from '../command.ts'
import { where } from '../find-endpoints.ts'
import { flawOfChoice, flawOfWholeNumber, wholeNumberOr } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted, timeText } from '../print.ts'
import { tableLines } from '../table.ts'
import { stateCountsText, targetsText } from '../upgrade-action-text.ts'

const LIMIT_DEFAULT = 100
const PAGE_SIZE = 100

export const upgradeList = defineApiCommand({
  name: 'upgrade list',
  summary: 'List upgrade actions, the newest first',
  options: {
    status: { kind: 'text', value: 'NAME', help: 'open or finished' },
    limit: { kind: 'text', value: 'N', help: `at most so many (default: ${LIMIT_DEFAULT})` },
  },
  async run({ io, client }, values) {
    const flaw =
      flawOfChoice('--status', values.status, ['open', 'finished']) ??
      flawOfWholeNumber('--limit', values.limit, { least: 1, most: 1_000_000 })
    if (flaw !== null) return refuseUsage(flaw)
    const limit = wholeNumberOr(values.limit, LIMIT_DEFAULT)
    const filters = values.status === undefined ? [] : [where('status', [values.status])]
    const found = new Map<number, UpgradeActionObject>()
    let total = 0
    for (let from = 0; found.size < limit; from += PAGE_SIZE) {
      const search = { search_from: from, search_to: from + PAGE_SIZE }
      const page = await client.upgrades.list({ filters, ...search })
      total = page.total_count
      for (const action of page.actions) found.set(action.group_action_id, action)
      if (page.actions.length === 0 || from + PAGE_SIZE >= total) break
    }
    const actions = [...found.values()].slice(0, limit)
    if (actions.length < total) {
      const shown = `${actions.length} of ${counted(total, 'action')}`
      io.stderr.write(`Showing ${shown}; --limit N shows more.\n`)
    }
    if (actions.length === 0) io.stderr.write('No upgrade actions.\n')
    const lines = tableLines(
      [
        { title: 'ACTION', cell: (action) => String(action.group_action_id) },
        { title: 'STATUS', cell: (action) => action.status },
        { title: 'ORDERED', cell: (action) => timeText(action.created_at), spare: 2 },
        { title: 'BY', cell: (action) => action.created_by, spare: 3 },
        { title: 'TARGETS', cell: targetsText, least: 12 },
        { title: 'ENDPOINTS', cell: stateCountsText, least: 16, spare: 1 },
      ],
      actions,
      io.stdout,
    )
    const json = { total_count: total, actions }
    return accept({ exitCode: EXIT.done, lines: actions.length === 0 ? [] : lines, json })
  },
})
