/**
 * What becomes of an attempt when a step failed: it is tried again, or it has ended, and why. Pure.
 * That is how an attempt ends by itself before the switch, whatever the network, the disk or the
 * server does.
 */
import { causeChain, Fault } from '../../base/fault.ts'
import { isDiskFull, isFileTrouble } from '../machine/files.ts'
import { DamagedDownload } from './damaged-download.ts'
import type { Ended } from './journal.ts'

/** How long no new byte may come before the attempt is given up. */
const NO_PROGRESS_MS = 3_600_000
/** Damaged once is a bad line; thrice is somebody on the way, or a bad server. */
const MISMATCHES_MAX = 3

const OF_THE_NETWORK = [
  'server-unreachable',
  'stalled',
  'timed-out',
  'unreadable-answer',
  'answer-too-large',
]

const CHANGED_ON_ITS_WAY = 'something on the way changes bytes, or answers for the server'

/** Null: the step is tried again. `mismatches` counts this one. */
export function endAfterFailure(
  error: unknown,
  so: { readonly mismatches: number; readonly sinceProgressMs: number },
): Ended | null {
  const isFinal =
    isDiskFull(error) ||
    !isPassing(error) ||
    so.mismatches >= MISMATCHES_MAX ||
    so.sinceProgressMs >= NO_PROGRESS_MS
  if (!isFinal) return null
  const why = isMismatch(error) ? [CHANGED_ON_ITS_WAY] : []
  const message = [...why, ...causeChain(error)].join(': ').slice(0, 1000)
  return { phase: 'failed', reason: reasonOf(error), message }
}

export function isMismatch(error: unknown): boolean {
  return error instanceof DamagedDownload
}

function isPassing(error: unknown): boolean {
  return error instanceof Fault ? error.retry === 'later' : isFileTrouble(error)
}

function reasonOf(error: unknown): string {
  if (isDiskFull(error)) return 'disk-full'
  if (error instanceof Fault) {
    return OF_THE_NETWORK.includes(error.code) ? 'download-failed' : error.code
  }
  return isFileTrouble(error) ? 'disk-failed' : 'agent-fault'
}
