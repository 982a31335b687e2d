import type * as z from 'zod'
import { accept } from '../../base/result.ts'
import type { explainUpgradeReply } from '../../contract/public/rollout-steering.ts'
import { defineApiCommand } from '../command.ts'
import { endpointIdsOf } from '../named-endpoints.ts'
import { flawOfWholeNumber } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { fieldLines, printable, timeText } from '../print.ts'
import { rolloutText } from '../rollout-text.ts'

type Told = z.output<typeof explainUpgradeReply>

export const upgradeExplain = defineApiCommand({
  name: 'upgrade explain',
  summary: 'Say why an endpoint is where it is, and what comes next',
  operands: [
    {
      name: 'ENDPOINT',
      help: 'an id; a host name, else an alias: every endpoint of it',
      count: 'many',
    },
  ],
  options: {
    action: { kind: 'text', value: 'ACTION_ID', help: 'in this action (default: the open one)' },
  },
  async run({ client }, { action }, words) {
    const range = { least: 1, most: Number.MAX_SAFE_INTEGER }
    const flaw = flawOfWholeNumber('--action', action, range)
    if (flaw !== null) return refuseUsage(flaw)
    const ids = await endpointIdsOf(client, words)
    if (!ids.ok) return ids
    const told: Told[] = []
    for (const id of ids.value) {
      told.push(await client.upgrades.explain({ endpoint_id: id, group_action_id: action ?? null }))
    }
    const lines = told.flatMap((each, index) => [...(index === 0 ? [] : ['']), ...linesOf(each)])
    return accept({ exitCode: EXIT.done, lines, json: { endpoints: told } })
  },
})

function linesOf(told: Told): string[] {
  const { upgrade, rollout, attempts_max: most, next_at: at } = told
  const name = told.endpoint_name === '' ? told.endpoint_id : told.endpoint_name
  const sentence = printable(`${name}: ${told.text}`)
  if (upgrade === null) return [sentence]
  const step = upgrade.step_version ?? upgrade.target_version
  const way = step === upgrade.target_version ? step : `${upgrade.target_version} through ${step}`
  return [
    sentence,
    ...fieldLines([
      ['action', String(upgrade.group_action_id)],
      ['state', upgrade.reason === null ? upgrade.state : `${upgrade.state} (${upgrade.reason})`],
      ['version', `${upgrade.from_version} to ${way}`],
      ['attempt', `${upgrade.attempts} of ${most ?? 1}`],
      ...(told.next_step === 'none' ? [] : [['next', nextText(told.next_step, at)] as const]),
      ...(rollout === null ? [] : [['rollout', rolloutText(rollout)] as const]),
      ...(upgrade.wave_name == null ? [] : [['wave', upgrade.wave_name] as const]),
      ['expires', timeText(upgrade.expires_at)],
      ...(told.upgrade_policy == null ? [] : [['policy', told.upgrade_policy] as const]),
    ]),
  ]
}

function nextText(step: string, at: number | null): string {
  return at === null ? step : `${step}, ${timeText(at)}`
}
