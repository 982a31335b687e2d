/**
 * `slots.json`: which version runs, which one it would go back to, and what is known bad here. The
 * launcher is its only writer and writes it whole before it acts on what it says, so after any
 * crash the file is the truth and everything else is brought in line with it.
 */
import * as z from 'zod'
import type { Log } from '../../base/log.ts'
import { LAUNCHER_PROTOCOL } from '../../contract/manifest.ts'
import { hexId, sha256Hex } from '../../contract/schema.ts'
import { readJsonFile, writeJsonFile } from '../json-file.ts'
import { outcome, type Slot, type SlotsMessage, skipped, slot } from './control.ts'

/** Enough to remember every bad version of a bad month; the oldest is forgotten first. */
export const SKIP_MAX = 20
/**
 * So that the whole list, every character escaped, stays below the longest line to the agent
 * (64 KiB): beyond it the line would break, and a good version with it.
 */
const SKIP_MESSAGE_MAX = 300

const probation = z.object({
  /** Null when a newer package brought the version. */
  attempt_id: hexId.nullable(),
  probation_s: z.int().min(1),
  /** Starts of the new version, counted before each, the launcher's own restarts included. */
  starts: z.int().min(0),
  /** Ends of the new version that were seen. */
  exits: z.int().min(0),
  said_hello: z.boolean(),
  /** What was the backup before the switch, to be it again after a roll-back. */
  backup_before: slot.nullable(),
})
export type Probation = z.infer<typeof probation>

const slots = z.object({
  schema: z.literal(1),
  active: slot.nullable(),
  backup: slot.nullable(),
  /** Set while the active version has not yet shown that it works. */
  probation: probation.nullable(),
  skip: z.array(skipped).max(SKIP_MAX),
  /** The manifest digest of the last seed that was dealt with. */
  seed: sha256Hex.nullable(),
  outcome: outcome.nullable(),
})
export type Slots = z.infer<typeof slots>

export const NO_SLOTS: Slots = {
  schema: 1,
  active: null,
  backup: null,
  probation: null,
  skip: [],
  seed: null,
  outcome: null,
}

/** A file that cannot be read is as good as none: the launcher begins again from the seed. */
export function loadSlots(path: string, log: Log): Slots {
  const read = readJsonFile(path, slots)
  if (read.ok) return read.value
  if (read.refusal.code === 'unreadable') {
    log.error(
      { path, what: read.refusal.what },
      'the slots file is damaged; starting from the seed',
    )
  }
  return NO_SLOTS
}

export function saveSlots(path: string, value: Slots): void {
  writeJsonFile(path, value)
}

/** As the agent is told them; null: there is no version that could be told. */
export function slotsMessage(slots: Slots): SlotsMessage | null {
  const { active, backup, probation, skip, outcome } = slots
  if (active === null) return null
  return {
    kind: 'slots',
    protocol: LAUNCHER_PROTOCOL,
    active,
    backup,
    kept: probation?.backup_before ? [probation.backup_before] : [],
    probation: probation === null ? null : { attempt_id: probation.attempt_id },
    skip,
    outcome,
  }
}

/** The slots after the start of a switch to `to`. */
export function switched(
  before: Slots,
  to: Slot,
  probationOf: { attemptId: string | null; probationS: number },
): Slots {
  return {
    ...before,
    active: to,
    backup: before.active,
    outcome: null,
    probation: {
      attempt_id: probationOf.attemptId,
      probation_s: probationOf.probationS,
      starts: 0,
      exits: 0,
      said_hello: false,
      backup_before: before.backup,
    },
  }
}

export function committed(before: Slots): Slots {
  if (before.active === null || before.probation === null) return before
  return {
    ...before,
    probation: null,
    outcome: {
      attempt_id: before.probation.attempt_id,
      ...before.active,
      result: 'succeeded',
      reason: null,
      message: null,
    },
  }
}

export function rolledBack(before: Slots, why: { reason: string; message: string }): Slots {
  if (before.active === null || before.probation === null || before.backup === null) return before
  const bad = before.active
  const { reason, message } = why
  const others = before.skip.filter((each) => each.manifest_digest !== bad.manifest_digest)
  return {
    ...before,
    active: before.backup,
    backup: before.probation.backup_before,
    probation: null,
    skip: [...others, { ...bad, reason, message: message.slice(0, SKIP_MESSAGE_MAX) }].slice(
      -SKIP_MAX,
    ),
    outcome: {
      attempt_id: before.probation.attempt_id,
      ...bad,
      result: 'rolled-back',
      reason,
      message,
    },
  }
}

/** A server that cannot be reached for a while is no reason to leave what somebody rolled out. */
export const IMAGE_PROBATION_S = 3600

/**
 * The slots in a pod whose image brought another version: that is then the one to run, older or
 * failed before though it be, for whoever set the image said so. What was on probation here failed
 * with its image.
 */
export function followed(before: Slots, seed: Slot): Slots {
  const message = 'its image was taken back before it had proved itself'
  const left = rolledBack(before, { reason: 'image-taken-back', message })
  const skip = left.skip.filter((each) => each.manifest_digest !== seed.manifest_digest)
  const noted = { ...left, seed: seed.manifest_digest, skip }
  if (noted.active?.manifest_digest === seed.manifest_digest) return noted
  return switched(noted, seed, { attemptId: null, probationS: IMAGE_PROBATION_S })
}

/**
 * The active version is damaged outside probation: `to` takes its place and nothing remains to go
 * back to.
 */
export function replaced(before: Slots, to: Slot): Slots {
  return { ...before, active: to, backup: null, probation: null }
}
