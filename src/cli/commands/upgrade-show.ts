import { accept } from '../../base/result.ts'
import type { EndpointUpgrade, UpgradeActionObject } from '../../contract/public/upgrade-actions.ts'
import { defineApiCommand } from '../command.ts'
import { where } from '../find-endpoints.ts'
import type { Output } from '../io.ts'
import { flawOfWholeNumber, wholeNumberOr } from '../option-values.ts'
import { EXIT, refuseFailed, refuseUsage } from '../outcome.ts'
import { counted, fieldLines, timeText } from '../print.ts'
import { rolloutText, waveLines } from '../rollout-text.ts'
import { tableLines } from '../table.ts'
import { stateCountsText, targetsText, windowText } from '../upgrade-action-text.ts'
import { upgradeText } from '../upgrade-lines.ts'

const LIMIT_DEFAULT = 100
const PAGE_SIZE = 100

export const upgradeShow = defineApiCommand({
  name: 'upgrade show',
  summary: 'Show what was ordered, and how its endpoints stand',
  operands: [{ name: 'ACTION_ID', help: 'what "drydock upgrade list" shows', count: 'one' }],
  options: {
    state: { kind: 'list', value: 'NAME', help: 'only endpoints in this state, such as failed' },
    limit: { kind: 'text', value: 'N', help: `at most so many (default: ${LIMIT_DEFAULT})` },
  },
  async run({ io, client }, values, [text = '']) {
    const flaw =
      flawOfWholeNumber('ACTION_ID', text, { least: 1, most: Number.MAX_SAFE_INTEGER }) ??
      flawOfWholeNumber('--limit', values.limit, { least: 1, most: 1_000_000 })
    if (flaw !== null) return refuseUsage(flaw)
    const limit = wholeNumberOr(values.limit, LIMIT_DEFAULT)
    const filters = values.state.length === 0 ? [] : [where('state', values.state)]
    const found = new Map<string, EndpointUpgrade>()
    let total = 0
    let action: UpgradeActionObject | null = null
    for (let from = 0; found.size < limit; from += PAGE_SIZE) {
      const search = { search_from: from, search_to: from + PAGE_SIZE }
      const page = await client.upgrades.get({ group_action_id: text, filters, ...search })
      action = page.action
      total = page.total_count
      for (const upgrade of page.upgrades) found.set(upgrade.endpoint_id, upgrade)
      if (page.upgrades.length === 0 || from + PAGE_SIZE >= total) break
    }
    if (action === null) return refuseFailed(`the server told nothing of action ${text}`)
    const upgrades = [...found.values()].slice(0, limit)
    if (upgrades.length < total) {
      const shown = `${upgrades.length} of ${counted(total, 'endpoint')}`
      io.stderr.write(`Showing ${shown}; --limit N shows more.\n`)
    }
    const table = tableLines<EndpointUpgrade>(
      [
        { title: 'ENDPOINT', cell: (upgrade) => upgrade.endpoint_id, spare: 1 },
        { title: 'NAME', cell: (upgrade) => upgrade.endpoint_name, least: 12 },
        { title: 'FROM', cell: (upgrade) => upgrade.from_version, spare: 2 },
        { title: 'STATE', cell: upgradeText, least: 16 },
      ],
      upgrades,
      io.stdout,
    )
    const rows = upgrades.length === 0 ? [] : ['', ...table]
    const lines = [...linesOf(action), ...wavesOf(action, io.stdout), ...rows]
    return accept({ exitCode: EXIT.done, lines, json: { action, total_count: total, upgrades } })
  },
})

function linesOf(action: UpgradeActionObject): string[] {
  const { opens_at: opensAt } = action
  return fieldLines([
    ['action', String(action.group_action_id)],
    ['status', action.status],
    ['targets', targetsText(action)],
    ['window', windowText(action) ?? 'at any time'],
    ...(opensAt === null ? [] : ([['opens', timeText(opensAt)]] as const)),
    ['ordered', `${timeText(action.created_at)} by ${action.created_by}`],
    ['expires', timeText(action.expires_at)],
    ['endpoints', stateCountsText(action)],
    ...(action.rollout == null ? [] : ([['rollout', rolloutText(action.rollout)]] as const)),
  ])
}

/** Where there is more than one wave, or a hold to be seen. */
function wavesOf({ rollout }: UpgradeActionObject, output: Output): string[] {
  const isPlain = rollout == null || (rollout.waves.length < 2 && rollout.waves[0]?.budget === null)
  return isPlain ? [] : ['', ...waveLines(rollout, output)]
}
