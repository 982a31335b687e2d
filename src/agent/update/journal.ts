/**
 * `update.json`: the attempt that this agent is working on, written whole before each step. After a
 * crash or a power cut it and what is on disk are enough to ask `nextStep` the same question again.
 */
import * as z from 'zod'
import type { Result } from '../../base/result.ts'
import type { UpgradeInstruction } from '../../contract/agent/check-in.ts'
import { hexId, sha256Hex, versionText } from '../../contract/schema.ts'
import { type JsonFileRefusal, readJsonFile, writeJsonFile } from '../json-file.ts'

/** Read loosely: after a roll-back an older agent reads what a newer one wrote. */
const ended = z.object({
  phase: z.enum(['succeeded', 'rolled-back', 'failed']),
  reason: z.string().min(1).max(100).nullable(),
  message: z.string().max(1000).nullable(),
})
export type Ended = z.infer<typeof ended>

const attempt = z.object({
  attempt_id: hexId,
  version: versionText,
  manifest_digest: sha256Hex,
  probation_s: z.int().min(1),
  download_rate_max: z.int().min(1).nullable(),
  retry_skipped: z.boolean(),
  /**
   * The server says when to switch; false of one from before there was that, which would be asked
   * in vain.
   */
  asks_to_switch: z.boolean().default(false),
  /** Its time is limited: after a restart nothing is done before the server has spoken. */
  strict_end: z.boolean().default(false),
  phase: z.enum(['accepted', 'downloading', 'staged', 'switching']),
  /** Bytes to download, once the manifest has told. */
  bytes_total: z.int().min(0),
  /** How it ended, until the server has acknowledged that. */
  ended: ended.nullable(),
})
export type Attempt = z.infer<typeof attempt>

/** What is here of a version whose attempt ended before the switch, for the next attempt at it. */
const left = z.object({ manifest_digest: sha256Hex, at: z.number() })
export type Left = z.infer<typeof left>

const journal = z.object({
  schema: z.literal(1),
  attempt: attempt.nullable(),
  left: left.nullable().default(null),
})
export type Journal = z.infer<typeof journal>

export const EMPTY_JOURNAL: Journal = { schema: 1, attempt: null, left: null }

/** A journal that cannot be read is an empty one: the server offers the attempt again. */
export function loadJournal(path: string): Journal {
  const read = readJournal(path)
  return read.ok ? read.value : EMPTY_JOURNAL
}

export function readJournal(path: string): Result<Journal, JsonFileRefusal> {
  return readJsonFile(path, journal)
}

/**
 * The attempt to go on with at a new start. One that has not begun its download is left: how long
 * its offer stands is not known any more, and where it does stand it is made again.
 */
export function attemptToContinue({ attempt }: Journal): Attempt | null {
  return attempt?.phase === 'accepted' && attempt.ended === null ? null : attempt
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
    ...permissionsOf(instruction),
    phase: 'accepted',
    bytes_total: 0,
    ended: null,
  }
}

/** How the server goes about permissions, as this instruction of it shows. */
export function permissionsOf({ may_switch, switch_within_s }: UpgradeInstruction) {
  return { asks_to_switch: may_switch !== null, strict_end: switch_within_s !== null }
}
