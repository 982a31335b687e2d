/** Rollouts and plans, for people. */
import type * as z from 'zod'
import type { orderedUpgradeReply, PlannedUpgradeReply } from '../contract/public/endpoints.ts'
import type { RolloutObject } from '../contract/public/rollout-object.ts'
import type { steerRolloutReply } from '../contract/public/rollout-steering.ts'
import type { Output } from './io.ts'
import { counted, durationText, printable, timeText } from './print.ts'
import { tableLines } from './table.ts'

/** `running (in-progress), at wave canary`. */
export function rolloutText(rollout: RolloutObject): string {
  const { state, reason, message, waves, current_wave: current, soak_until: soak } = rollout
  const why = message === null || message === '' ? reason : `${reason}: ${message}`
  const wave = waves.length < 2 ? '' : `, at wave ${waves[current]?.name ?? current}`
  const soaking = soak === null ? '' : `, watched until ${timeText(soak)}`
  return printable(`${state} (${why})${wave}${soaking}`)
}

/** A line for each wave. */
export function waveLines(rollout: RolloutObject, output: Output): string[] {
  const rows = rollout.waves.map((wave, index) => ({ ...wave, index }))
  return tableLines(
    [
      { title: 'WAVE', cell: ({ name }) => name, least: 8 },
      { title: 'SIZE', cell: ({ size }) => String(size) },
      { title: 'BUDGET', cell: ({ budget }) => (budget === null ? '-' : String(budget)), spare: 2 },
      { title: 'ENDPOINTS', cell: ({ counts }) => countsText(counts), least: 16 },
      {
        title: 'HOLD',
        cell: ({ hold, index }) => (index > rollout.current_wave || hold !== 'none' ? hold : ''),
        least: 8,
        spare: 1,
      },
    ],
    rows,
    output,
  )
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

export function steeredLines(
  reply: z.output<typeof steerRolloutReply>,
  output: Output,
): readonly string[] {
  const { group_action_id: id, rollout } = reply
  return [`Action ${id}: ${rolloutText(rollout)}.`, '', ...waveLines(rollout, output)]
}

export function orderedLines(reply: z.output<typeof orderedUpgradeReply>): string[] {
  return [
    `Action ${reply.group_action_id}: ${reply.summary}`,
    ...reply.details.map((detail) => `  ${detail}`),
    ...reply.ineligible.map(({ endpoint_id: id, reason }) => `  left out: ${id} (${reason})`),
  ]
}

export function planLines(
  reply: PlannedUpgradeReply,
  moment: { readonly output: Output; readonly now: number },
): string[] {
  const { plan } = reply
  const { output, now } = moment
  const waves = tableLines(
    [
      { title: 'WAVE', cell: ({ name }) => name, least: 8 },
      { title: 'SIZE', cell: ({ size }) => String(size) },
      { title: 'BUDGET', cell: ({ budget }) => (budget === null ? '-' : String(budget)), spare: 1 },
      { title: 'BEGINS', cell: ({ begins_at: at }) => beginsText(at, now) },
    ],
    plan.waves,
    output,
  )
  const endpoints = tableLines(
    [
      { title: 'ENDPOINT', cell: (each) => each.endpoint_id, spare: 1 },
      { title: 'WAVE', cell: (each) => each.wave_name, least: 8 },
      { title: 'TO', cell: (each) => wayText(each), spare: 2 },
      { title: 'WHEN', cell: (each) => each.text, least: 16 },
    ],
    plan.endpoints,
    output,
  )
  const left = reply.endpoints_count - plan.endpoints.length
  return [
    reply.summary,
    ...reply.details.map((detail) => `  ${detail}`),
    ...['', ...waves, '', ...endpoints],
    ...(left > 0 ? [`... and ${counted(left, 'endpoint')} more`] : []),
    '',
    ...estimateLines(reply, now),
  ]
}

function wayText(each: { readonly step_version: string; readonly target_version: string }) {
  const { step_version: step, target_version: target } = each
  return step === target ? target : `${target} through ${step}`
}

function beginsText(at: number | null, now: number): string {
  if (at === null) return 'not as things are'
  return at <= now ? 'at once' : timeText(at)
}

function estimateLines({ plan }: PlannedUpgradeReply, now: number): string[] {
  const { ends_at: end, offline_count: offline, assumed } = plan
  const { upgrade_s: seconds, measured_upgrades: measured } = assumed
  const basis =
    measured === 0 ? 'assumed: none was measured yet' : `the middle of ${measured} upgrades here`
  const away = `${counted(offline, 'endpoint')} not heard of lately, in no estimate.`
  return [
    end === null
      ? 'As things are it does not come to an end.'
      : `Done by ${timeText(end)} if all goes well, in ${durationText(end - now)}.`,
    `One upgrade takes ${durationText(seconds * 1000)} (${basis}).`,
    ...(offline === 0 ? [] : [away]),
  ]
}
