/**
 * `POST /agent/v1/check-in`, with `Authorization: Bearer <endpoint_id>.<credential>`: report up,
 * instruction down. Everything in it is a level, never an edge: the agent repeats the state of its
 * attempt until the server acknowledges the end of it, so a lost request or reply costs a delay and
 * nothing else.
 */
import * as z from 'zod'
import { hexId, sha256Hex, versionText } from '../schema.ts'
import { AGENT_PROTOCOL } from './enrol.ts'
import { facts } from './facts.ts'

export const ATTEMPT_PHASES = [
  'accepted',
  'downloading',
  'staged',
  'switching',
  'on-probation',
  'succeeded',
  'rolled-back',
  'failed',
] as const
export type AttemptPhase = (typeof ATTEMPT_PHASES)[number]

export const attemptReport = z.strictObject({
  attempt_id: hexId,
  phase: z.enum(ATTEMPT_PHASES),
  /** Of the bytes to download, 0 to 100. */
  percent: z.int().min(0).max(100),
  /** Of all its files: together they may be more than one may be. */
  bytes_done: z.int().min(0),
  bytes_total: z.int().min(0),
  /** A reason code of docs/reasons.md for `rolled-back` and `failed`; null otherwise. */
  reason: z.string().min(1).max(100).nullable(),
  /** One sentence for the person on call. */
  message: z.string().max(1000).nullable(),
})
export type AttemptReport = z.infer<typeof attemptReport>

export const checkInRequest = z.strictObject({
  protocol: z.literal(AGENT_PROTOCOL),
  /** New at each start of the agent process; two that alternate betray a copied identity. */
  run_id: hexId,
  agent_version: versionText,
  /** Of the version that is running. */
  manifest_digest: sha256Hex,
  launcher_protocol: z.int().min(1).max(1000),
  /**
   * SHA-256 of the facts as JSON; the server asks for the facts when it does not know this digest.
   */
  facts_digest: sha256Hex,
  facts: facts.nullable(),
  health: z.strictObject({
    status: z.enum(['healthy', 'unhealthy']),
    details: z
      .array(z.strictObject({ title: z.string().max(200), reason: z.string().max(1000) }))
      .max(20),
  }),
  attempt: attemptReport.nullable(),
  /** Versions that failed here and are not tried again until told, newest last. */
  skipped: z
    .array(z.strictObject({ manifest_digest: sha256Hex, reason: z.string().max(100) }))
    .max(20),
})
export type CheckInRequest = z.infer<typeof checkInRequest>

export const upgradeInstruction = z.object({
  kind: z.literal('upgrade'),
  attempt_id: hexId,
  version: versionText,
  manifest_digest: sha256Hex,
  /** The attempt must have begun its download within this time, or wait for another offer. */
  start_within_s: z.int().min(0),
  /** How long the new version may take to check in healthy. */
  probation_s: z.int().min(1),
  /** Bytes a second for this download; null: as fast as it goes. */
  download_rate_max: z.int().min(1).nullable(),
  /** True: try it even if it failed here before. */
  retry_skipped: z.boolean(),
  /**
   * In answer to a check-in that reported `staged`: switch now, or wait. Null: a server from before
   * there was such a permission, whose offer is one.
   */
  may_switch: z.boolean().nullable().default(null),
  /**
   * It must have switched within this time, or wait for another permission; counted, as every time
   * here, from when the request was sent that this answers. Null: no limit.
   */
  switch_within_s: z.int().min(0).nullable().default(null),
})
export type UpgradeInstruction = z.infer<typeof upgradeInstruction>

/** To an agent in a cluster, in place of `upgrade`: its DaemonSet's image is to be moved. */
export const upgradeClusterInstruction = z.object({
  kind: z.literal('upgrade-cluster'),
  attempt_id: hexId,
  version: versionText,
  /** With its registry, by digest. */
  image: z.string().regex(/^[\x21-\x7e]{1,500}@sha256:[0-9a-f]{64}$/),
  /** The image must have been moved within this time, or waits for another offer. */
  start_within_s: z.int().min(0),
  /** How long all pods together may take until they are ready. */
  ready_within_s: z.int().min(1),
})
export type UpgradeClusterInstruction = z.infer<typeof upgradeClusterInstruction>

export const instruction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('nothing') }),
  upgradeInstruction,
  upgradeClusterInstruction,
  /** Stop the attempt if it has not switched yet. */
  z.object({ kind: z.literal('cancel'), attempt_id: hexId }),
  /** This identity is in use elsewhere: enrol as a copy and get one of your own. */
  z.object({ kind: z.literal('enrol-as-copy') }),
])
export type Instruction = z.infer<typeof instruction>

/** Read loosely: agents in the field outlive the server's next additions. */
export const checkInReply = z.object({
  /** Milliseconds UTC: for the agent's log, never for its decisions. */
  server_time: z.int(),
  /**
   * Seconds until the next check-in is due, if nothing happens here before; the agent adds jitter.
   */
  interval_s: z.int().min(1).max(86_400),
  /** True: send the facts with the next check-in, at once. */
  want_facts: z.boolean(),
  /** The attempt whose end the server has stored; the agent stops reporting it. */
  acknowledged_attempt: hexId.nullable(),
  instruction,
})
export type CheckInReply = z.infer<typeof checkInReply>

export const CHECK_IN_BYTES_MAX = 64 * 1024
