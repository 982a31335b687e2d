/**
 * `GET events`: what becomes true, as server-sent events. Each has an `id`, its position; whoever
 * lost the connection says the last one he had (`Last-Event-ID`, or `?last_event_id=`) and misses
 * nothing. `reset` tells that this is not possible any more: read anew what you keep.
 */
import * as z from 'zod'

export const EVENTS_PATH = 'events'

/** As their `event:` field names them; those that a stream may be limited to by `?types=`. */
export const EVENT_TYPES = [
  'upgrade.changed',
  'upgrade-action.created',
  'upgrade-action.cancelled',
  'rollout.changed',
  'endpoint.enrolled',
  'endpoint.deleted',
  'endpoint.restored',
  'distribution.ready',
  'distribution.failed',
  'distribution.deleted',
  'release.published',
  'release.withdrawn',
  'upgrade-policy.changed',
  'configuration.changed',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** A line without meaning, so that both sides know that the other is there. */
export const EVENT_SILENCE_MS_MAX = 15_000

const at = { at: z.int() }

/** The `data` of each. */
export const streamedEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('upgrade.changed'),
    ...at,
    endpoint_id: z.string(),
    group_action_id: z.int(),
    state: z.string(),
    /** A code of docs/reasons.md. */
    reason: z.string().nullable(),
    message: z.string().nullable(),
    /** Told again as it grows within a state, at most every ten seconds. */
    percent: z.int(),
    bytes_done: z.int(),
    bytes_total: z.int(),
    /** How many tries were offered. */
    attempts: z.int(),
    /** When the next try may begin. */
    not_before: z.int().nullable(),
    target_version: z.string(),
  }),
  z.object({
    type: z.enum(['upgrade-action.created', 'upgrade-action.cancelled']),
    ...at,
    group_action_id: z.int(),
    by: z.string(),
    endpoints_count: z.int(),
  }),
  z.object({
    type: z.literal('rollout.changed'),
    ...at,
    group_action_id: z.int(),
    state: z.string(),
    /** A code of docs/reasons.md. */
    reason: z.string(),
    message: z.string().nullable(),
    /** The name of the wave that it is at. */
    wave: z.string(),
  }),
  z.object({
    type: z.enum(['endpoint.enrolled', 'endpoint.deleted', 'endpoint.restored']),
    ...at,
    endpoint_id: z.string(),
    endpoint_name: z.string(),
  }),
  z.object({
    type: z.enum(['distribution.ready', 'distribution.failed', 'distribution.deleted']),
    ...at,
    distribution_id: z.string(),
    name: z.string(),
    reason: z.string().nullable(),
  }),
  z.object({
    type: z.enum(['release.published', 'release.withdrawn']),
    ...at,
    manifest_digest: z.string(),
    version: z.string(),
    platform: z.string(),
    arch: z.string(),
    libc: z.string(),
  }),
  z.object({
    type: z.enum(['upgrade-policy.changed', 'configuration.changed']),
    ...at,
    name: z.string(),
    by: z.string(),
  }),
])
export type StreamedEvent = z.infer<typeof streamedEvent>
