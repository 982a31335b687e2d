/**
 * Refused attempts become audit entries, some seconds after their answers. Whoever is refused can
 * ask as often as he likes, so everything here has an end: identical attempts of one window are one
 * entry with their number, a window has only so many entries, and one more says how many were left
 * out. Entries are kept for ever, and nobody can take a stranger's key away: so strangers cause few
 * of them in the long run. A database that is away keeps them waiting, in the same space.
 */
import type { Clock, Instant } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import { type AuditEntry, SERVER_PARTY, saveAudits } from '../../store/audit.ts'
import type { Database } from '../../store/open.ts'
import { partyOf } from '../http/audited.ts'
import { createRateLimit } from '../http/rate-limit.ts'
import type { RefusedAttempt, RefusedAttempts } from '../http/refused-attempts.ts'
import { startLoop } from './loop.ts'

const WINDOW_MS = 5_000
/** Of one window: somebody who tries from many addresses fills no disk with it. */
export const REFUSED_ENTRIES_MAX = 100
/** What strangers cause, all together: three thousand a day, and as many as a window at once. */
const STRANGERS = { perS: 1 / 30, burst: REFUSED_ENTRIES_MAX }
/** That some were left out is told once a minute while it lasts. */
const LEFT_OUT = { perS: 1 / 60, burst: 2 }
const CALL_CHARACTERS_MAX = 200
const SENTENCE_CHARACTERS_MAX = 500

type Needs = {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

type Noted = { readonly at: Instant; readonly attempt: RefusedAttempt; count: number }

export type RefusedAttemptsWork = RefusedAttempts & {
  /** Writes what was noted, if the database lets it. */
  stop(): Promise<void>
}

export function startNotingRefused(needs: Needs): RefusedAttemptsWork {
  let noted = new Map<string, Noted>()
  let leftOut = 0
  const strangers = createRateLimit(STRANGERS, needs.clock)
  const leftOuts = createRateLimit(LEFT_OUT, needs.clock)
  const write = async (mayTell = () => leftOuts.take(0) === null) => {
    const more = leftOut > 0 && mayTell() ? leftOut : 0
    if (noted.size === 0 && more === 0) return null
    const attempts = noted
    noted = new Map()
    leftOut -= more
    try {
      const entries = [...attempts.values()].map(entryOf)
      if (more > 0) entries.push(leftOutEntry(more, needs.clock.now()))
      await needs.database.write((tx) => saveAudits(tx, entries))
    } catch (error) {
      // Kept for the next turn, which the loop makes soon; what came meanwhile counts as later.
      leftOut += more
      for (const [key, each] of attempts) add(key, each)
      throw error
    }
    return null
  }
  const add = (key: string, each: Noted) => {
    const same = noted.get(key)
    if (same !== undefined) same.count += each.count
    else if (noted.size < REFUSED_ENTRIES_MAX) noted.set(key, each)
    else leftOut += each.count
  }
  const isTooMuch = (key: string, { actor }: RefusedAttempt) =>
    actor === null && !noted.has(key) && strangers.take(0) !== null
  const loop = startLoop(
    { name: 'refused-attempts', everyMs: WINDOW_MS, perform: () => write() },
    needs,
  )
  return {
    note(attempt) {
      const key = keyOf(attempt)
      if (isTooMuch(key, attempt)) leftOut += 1
      else add(key, { at: needs.clock.now(), attempt, count: 1 })
    },
    drain: () => loop.drain(),
    async stop() {
      await loop.stop()
      try {
        await write(() => true)
      } catch (error) {
        // Best effort: the server stops, and its log has how many attempts are lost.
        const count = noted.size + leftOut
        needs.log.error({ count, error: causeChain(error) }, 'refused attempts were not noted')
      }
    },
  }
}

/**
 * Whoever is nobody we know is told apart by his address alone: he chooses everything else. A key
 * that asks too often does so whatever it asks for.
 */
function keyOf({ actor, call, reason, origin }: RefusedAttempt): string {
  const what = actor === null || reason === 'rate-limited' ? '' : call
  return JSON.stringify([actor?.id ?? null, what, reason, origin.address])
}

function entryOf({ at, attempt, count }: Noted): AuditEntry {
  const { actor, origin, reason } = attempt
  const call = attempt.call.slice(0, CALL_CHARACTERS_MAX)
  const sentence = attempt.sentence.slice(0, SENTENCE_CHARACTERS_MAX)
  const { address, userAgent } = origin
  const nobody = { ...SERVER_PARTY, name: 'unknown', address, userAgent }
  return {
    at,
    by: actor === null ? nobody : partyOf(actor, origin),
    action: `${nounOf(attempt)}.refuse`,
    subject: call,
    result: 'failure',
    reason,
    description: `Refused ${call}: ${sentence}${count > 1 ? ` (${count} times)` : ''}`,
    before: null,
    after: count > 1 ? { count } : null,
  }
}

/** Of the audit log's nouns (domain/audit/area.ts), by the family of the call. */
const NOUNS: Readonly<Record<string, string>> = {
  actions: 'upgrade-action',
  api_keys: 'api-key',
  audits: 'audit',
  configurations: 'configuration',
  distributions: 'distribution',
  endpoints: 'endpoint',
  rbac: 'user',
  releases: 'release',
  tags: 'tag',
  trust: 'certificate',
}

function nounOf({ actor, call }: RefusedAttempt): string {
  if (actor === null) return 'auth'
  const family = call.split('/', 1)[0] ?? ''
  if (call.startsWith('endpoints/upgrade')) return 'upgrade'
  return Object.hasOwn(NOUNS, family) ? (NOUNS[family] ?? 'call') : 'call'
}

function leftOutEntry(count: number, at: Instant): AuditEntry {
  return {
    at,
    by: SERVER_PARTY,
    action: 'call.refuse',
    subject: '',
    result: 'failure',
    reason: 'attempts-left-out',
    description: `${count} more refused attempts were left out of this log`,
    before: null,
    after: { count },
  }
}
