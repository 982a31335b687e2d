/**
 * The journal of an upgrade of the whole cluster: one annotation of the DaemonSet, which outlives
 * every pod. Not of its pod template: a changed template would be another rollout, and the way back
 * must lead to the very template whose pods still run.
 */
import * as z from 'zod'
import { utf8 } from '../../base/bytes.ts'
import { hexId, versionText } from '../../contract/schema.ts'
import { parseJson } from '../json-file.ts'

export const ATTEMPT_ANNOTATION = 'drydock-agent/upgrade'

/** Far above what one is; the object as a whole may have 256 KiB of annotations. */
const ANNOTATION_CHARACTERS_MAX = 8 * 1024

const image = z.string().min(1).max(1000)

/** Read loosely: pods of two versions read what each other wrote. */
const clusterAttempt = z.object({
  schema: z.literal(1),
  attempt_id: hexId,
  version: versionText,
  image,
  /** To go back to. */
  previous_image: image,
  /** How many pods were ready when it began: as many must become ready. */
  ready_before: z.int().min(0),
  /** Milliseconds UTC by the clock of whoever began it; past it the image goes back. */
  deadline_at: z.int().min(0),
  phase: z.enum(['rolling', 'succeeded', 'rolled-back', 'failed']),
  reason: z.string().max(100).nullable(),
  message: z.string().max(1000).nullable(),
  /** The endpoint that holds it: whichever pod runs on that node now. */
  holder: hexId,
  /** Counted up while the holder lives; others watch that it moves, so no two clocks compare. */
  beat: z.int().min(0),
})
export type ClusterAttempt = z.infer<typeof clusterAttempt>

/** Null: there is none, or none that can be understood, which is as good as none. */
export function attemptIn(annotations: Readonly<Record<string, string>>): ClusterAttempt | null {
  const text = annotations[ATTEMPT_ANNOTATION]
  if (text === undefined || text.length > ANNOTATION_CHARACTERS_MAX) return null
  const parsed = parseJson(utf8(text), clusterAttempt)
  return parsed.ok ? parsed.value : null
}
