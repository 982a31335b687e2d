/**
 * A reader of bytes that others wrote, and the one judgement of all of them: whatever it is given
 * it returns a value, returns a refusal or throws a Fault, soon and without much memory.
 */

import { systemClock } from '../../../src/base/clock.ts'
import { causeChain, Fault } from '../../../src/base/fault.ts'
import { Chance } from '../chance.ts'
import { MUTATED_BYTES_MAX, mutate } from './mutate.ts'

export type Reader = {
  readonly name: string
  /** Good ones, as whoever writes them does. */
  readonly samples: readonly Uint8Array[]
  /** Texts that mean something to it, put where they do not belong. */
  readonly words?: readonly string[]
  /** Whether it took the bytes: false where it refused them. Throws what it throws. */
  read(bytes: Uint8Array): boolean | Promise<boolean>
}

export type ReaderReport = {
  readonly name: string
  readonly cases: number
  readonly taken: number
  readonly refused: number
  readonly seconds: number
  /** Of one case. */
  readonly slowestMs: number
  /** By which the process was larger than before the first case. */
  readonly growthMb: number
  /** Each kind once, with the case and the beginning of the bytes that showed it. */
  readonly flaws: readonly string[]
}

/** A pause of the machine may be longer than any reader: the second time counts. */
const CASE_MS_MAX = 2_000
const GROWTH_MB_MAX = 256
const FLAWS_MAX = 5
/** Asking what the process holds costs as much as a case. */
const CASES_A_LOOK = 50
const SHOWN_BYTES = 300

export async function fuzzReader(
  reader: Reader,
  order: { readonly seed: number; readonly cases: number },
): Promise<ReaderReport> {
  const chance = new Chance(order.seed)
  const flaws = new Map<string, string>()
  const mutated = { samples: reader.samples, words: reader.words ?? [] }
  const counts = { taken: 0, refused: 0 }
  const startedAt = systemClock.monotonic()
  for (const [index, sample] of reader.samples.entries()) {
    const outcome = await outcomeOf(reader, sample)
    if (outcome.kind !== 'taken') flaws.set(`sample ${index} is ${told(outcome)}`, '')
  }
  const before = { peak: peakMb(), rss: rssMb() }
  let growthMb = 0
  let slowestMs = 0
  for (let index = 0; index < order.cases && flaws.size < FLAWS_MAX; index += 1) {
    const bytes = mutate(mutated, chance)
    const outcome = await timed(reader, bytes)
    slowestMs = Math.max(slowestMs, outcome.ms)
    if (outcome.kind === 'failed') note(flaws, outcome.flaw, { index, bytes })
    else counts[outcome.kind] += 1
    if (index % CASES_A_LOOK === 0) growthMb = Math.max(growthMb, rssMb() - before.rss)
    if (outcome.ms > CASE_MS_MAX) note(flaws, `it takes ${outcome.ms} ms`, { index, bytes })
  }
  // A peak that nobody looked at, or what is still held.
  growthMb = Math.round(Math.max(growthMb, peakMb() - before.peak))
  if (growthMb > GROWTH_MB_MAX) flaws.set(`it takes ${growthMb} MB`, '')
  return {
    name: reader.name,
    cases: order.cases,
    ...counts,
    seconds: Math.round((systemClock.monotonic() - startedAt) / 100) / 10,
    slowestMs: Math.round(slowestMs),
    growthMb,
    flaws: [...flaws].map(([flaw, shown]) => `${reader.name}: ${flaw}${shown}`),
  }
}

type Outcome =
  | { readonly kind: 'taken' | 'refused' }
  | { readonly kind: 'failed'; readonly flaw: string }

async function outcomeOf(reader: Reader, bytes: Uint8Array): Promise<Outcome> {
  try {
    const outcome = reader.read(bytes)
    const isTaken = typeof outcome === 'boolean' ? outcome : await outcome
    return { kind: isTaken ? 'taken' : 'refused' }
  } catch (error) {
    // Best effort: anything but a Fault is the finding that is looked for.
    if (error instanceof Fault) return { kind: 'refused' }
    const [first = ''] = causeChain(error)
    const place = error instanceof Error ? (error.stack?.split('\n')[1]?.trim() ?? '') : ''
    return { kind: 'failed', flaw: `throws ${first.slice(0, 200)} ${place}` }
  }
}

/** Twice where it took too long: a machine that did something else meanwhile is no finding. */
async function timed(
  reader: Reader,
  bytes: Uint8Array,
): Promise<Outcome & { readonly ms: number }> {
  for (let again = false; ; again = true) {
    const startedAt = systemClock.monotonic()
    const outcome = await outcomeOf(reader, Buffer.from(bytes))
    const ms = systemClock.monotonic() - startedAt
    if (again || ms <= CASE_MS_MAX) return { ...outcome, ms }
  }
}

function told(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.flaw : outcome.kind
}

function note(
  flaws: Map<string, string>,
  flaw: string,
  { index, bytes }: { readonly index: number; readonly bytes: Buffer },
): void {
  if (flaws.has(flaw)) return
  const shown = JSON.stringify(bytes.subarray(0, SHOWN_BYTES).toString('latin1'))
  flaws.set(flaw, `\n    case ${index}, ${bytes.length} of at most ${MUTATED_BYTES_MAX}: ${shown}`)
}

/** The most that this process has ever held. */
function peakMb(): number {
  return process.resourceUsage().maxRSS / 1024
}

function rssMb(): number {
  return process.memoryUsage.rss() / 1024 / 1024
}
