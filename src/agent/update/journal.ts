/**
 * `update.json`: the attempt that this agent is working on, written whole before each step. After a
 * crash or a power cut it and what is on disk are enough to ask `nextStep` the same question again.
 */
import * as z from 'zod'
import type { UpgradeInstruction } from '../../contract/agent/check-in.ts'
import { byteCount, hexId, sha256Hex, versionText } from '../../contract/schema.ts'
import { readJsonFile, writeJsonFile } from '../json-file.ts'

const ended = z.strictObject({
  phase: z.enum(['succeeded', 'rolled-back', 'failed']),
  reason: z.string().min(1).max(100).nullable(),
  message: z.string().max(1000).nullable(),
})
export type Ended = z.infer<typeof ended>

const attempt = z.strictObject({
  attempt_id: hexId,
  version: versionText,
  manifest_digest: sha256Hex,
  probation_s: z.int().min(1),
  download_rate_max: z.int().min(1).nullable(),
  retry_skipped: z.boolean(),
  phase: z.enum(['accepted', 'downloading', 'staged', 'switching']),
  /** Bytes to download, once the manifest has told. */
  bytes_total: byteCount,
  /** How it ended, until the server has acknowledged that. */
  ended: ended.nullable(),
})
export type Attempt = z.infer<typeof attempt>

const journal = z.strictObject({ schema: z.literal(1), attempt: attempt.nullable() })
export type Journal = z.infer<typeof journal>

export const EMPTY_JOURNAL: Journal = { schema: 1, attempt: null }

/** A journal that cannot be read is an empty one: the server offers the attempt again. */
export function loadJournal(path: string): Journal {
  const read = readJsonFile(path, journal)
  return read.ok ? read.value : EMPTY_JOURNAL
}

export function saveJournal(path: string, value: Journal): void {
  writeJsonFile(path, value)
}

export function attemptOf(instruction: UpgradeInstruction): Attempt {
  const { attempt_id, version, manifest_digest, probation_s } = instruction
  const { download_rate_max, retry_skipped } = instruction
  return {
    attempt_id,
    version,
    manifest_digest,
    probation_s,
    download_rate_max,
    retry_skipped,
    phase: 'accepted',
    bytes_total: 0,
    ended: null,
  }
}
