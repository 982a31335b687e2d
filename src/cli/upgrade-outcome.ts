/** How watched upgrades ended, as the answer of a command. */
import { accept } from '../base/result.ts'
import type { ApiContext } from './command.ts'
import { EXIT, type ExitCode, type Outcome } from './outcome.ts'
import { alignedLines, countsText, isTerminalStatus, type WatchedUpgrade } from './upgrade-lines.ts'
import { loadUpgrades, watchUpgrades } from './watch-upgrade.ts'

export type Ordered = {
  readonly actionIds: readonly number[]
  /** What the server said when it took the order, for `--json`. */
  readonly json: Readonly<Record<string, unknown>>
  /** Whether some endpoint that was named was left out for a reason that matters. */
  readonly isPartial: boolean
}

export async function watchToTheEnd(
  context: ApiContext,
  ordered: Ordered,
  limitS: number | null,
): Promise<Outcome> {
  const limitMs = limitS === null ? null : limitS * 1000
  const { upgrades, isFinished } = await watchUpgrades(context, ordered.actionIds, limitMs)
  return upgradeAnswer(upgrades, ordered, isFinished ? 'ended' : 'timed out')
}

export async function statusNow(context: ApiContext, ordered: Ordered): Promise<Outcome> {
  return upgradeAnswer(await loadUpgrades(context.client, ordered.actionIds), ordered, 'now')
}

function upgradeAnswer(
  upgrades: readonly WatchedUpgrade[],
  ordered: Ordered,
  when: 'ended' | 'timed out' | 'now',
): Outcome {
  const lines = [...alignedLines(upgrades), `${countsText(upgrades)}.`]
  const json = {
    ...ordered.json,
    group_action_ids: ordered.actionIds,
    is_finished: upgrades.every(({ status }) => isTerminalStatus(status)),
    endpoints: upgrades.map(({ endpointId, name, status, detail }) => ({
      endpoint_id: endpointId,
      endpoint_name: name,
      status,
      ...detail,
    })),
  }
  return accept({ exitCode: exitCodeOf(upgrades, ordered, when), lines, json })
}

function exitCodeOf(
  upgrades: readonly WatchedUpgrade[],
  ordered: Ordered,
  when: 'ended' | 'timed out' | 'now',
): ExitCode {
  const hasFailed = upgrades.some(
    ({ status }) => isTerminalStatus(status) && status !== 'COMPLETED_SUCCESSFULLY',
  )
  if (hasFailed || ordered.isPartial) return EXIT.failed
  return when === 'timed out' ? EXIT.timedOut : EXIT.done
}
