/**
 * Proves the chain of audit entries, a part at a time: every entry is read and hashed anew, in
 * pages, so that neither memory nor anybody else's request knows how long the chain is. Whoever
 * asks goes on where the last part ended, by the place and hash that it told him.
 */
import { equalInConstantTime } from '../base/digest.ts'
import { type BrokenChain, CHAIN_START, type ChainHead, checkLink } from '../domain/audit/chain.ts'
import {
  type AuditChainEnd,
  loadAuditChainEnd,
  loadSealedEntries,
  type MacOfHead,
} from '../store/audit-chain.ts'
import type { Database } from '../store/open.ts'

/** Entries of one part: some seconds of work. */
export const VERIFIED_ENTRIES_MAX = 50_000
/** Hashed without a pause: a few milliseconds. */
const PAGE_ENTRIES = 200

/** How many are under way on this server: each costs a core. */
export type Verifications = { count: number }

export type VerifyAudit = {
  /** Where the part before this one ended; null: from the first entry. */
  readonly from: ChainHead | null
  /** A head that somebody kept elsewhere: the chain must have it. Null: none was kept. */
  readonly kept: ChainHead | null
}

export type AuditVerified = {
  /** Null: all that was looked at holds. */
  readonly broken: BrokenChain | null
  /** How far it holds, in this part and those before. */
  readonly verified: ChainHead
  /** There is nothing after it. */
  readonly isWhole: boolean
  /** Where the chain ends, as the store says. */
  readonly head: ChainHead
  /** Entries of the last moments, which have no place yet. */
  readonly unsealed: number
}

export async function verifyAudit(
  needs: { readonly database: Database; readonly macOf: MacOfHead },
  asked: VerifyAudit,
): Promise<AuditVerified> {
  const { read } = needs.database
  const end = await loadAuditChainEnd(read)
  const head = end.head ?? CHAIN_START
  const about = { head: { sequence: head.sequence, hash: head.hash }, unsealed: end.unsealed }
  const start = asked.from ?? CHAIN_START
  const { verified, broken } = await walk(needs.database, { ...asked, from: start, to: head })
  if (broken !== null) return { ...about, verified, broken, isWhole: false }
  const isWhole = verified.sequence >= head.sequence
  return {
    ...about,
    verified,
    isWhole,
    broken: isWhole ? flawOfEnd(end, verified, asked, needs) : null,
  }
}

/** Every entry holds: does the chain end where, and as, it should? */
function flawOfEnd(
  end: AuditChainEnd,
  verified: ChainHead,
  asked: VerifyAudit,
  needs: { readonly macOf: MacOfHead },
): BrokenChain | null {
  const { head, lastSequence } = end
  const sequence = head?.sequence ?? 0
  if (head === null && lastSequence === 0) return isBeyond(asked, 0)
  if (head === null || !equalInConstantTime(head.mac, needs.macOf(head))) {
    return { sequence, flaw: 'head-not-ours' }
  }
  if (lastSequence > sequence) return { sequence: sequence + 1, flaw: 'inserted' }
  if (verified.sequence === sequence && verified.hash !== head.hash) {
    return { sequence, flaw: 'changed' }
  }
  return isBeyond(asked, sequence)
}

/** What somebody saw of it is longer than it is. */
function isBeyond({ from, kept }: VerifyAudit, sequence: number): BrokenChain | null {
  const seen = Math.max(from?.sequence ?? 0, kept?.sequence ?? 0)
  return seen > sequence ? { sequence: sequence + 1, flaw: 'missing' } : null
}

type Walked = { readonly verified: ChainHead; readonly broken: BrokenChain | null }

async function walk(
  database: Database,
  way: { readonly from: ChainHead; readonly kept: ChainHead | null; readonly to: ChainHead },
): Promise<Walked> {
  const { kept, to } = way
  let verified = way.from
  const partEnd = Math.min(to.sequence, way.from.sequence + VERIFIED_ENTRIES_MAX)
  if (isOther(verified, kept)) return { verified, broken: notKept(verified) }
  while (verified.sequence < partEnd) {
    const limit = Math.min(PAGE_ENTRIES, partEnd - verified.sequence)
    const page = await loadSealedEntries(database.read, verified.sequence, limit)
    if (page.length === 0) {
      return { verified, broken: { sequence: verified.sequence + 1, flaw: 'missing' } }
    }
    for (const sealed of page) {
      const checked = checkLink(verified, sealed)
      if ('broken' in checked) return { verified, broken: checked.broken }
      if (isOther(checked.head, kept)) return { verified, broken: notKept(checked.head) }
      verified = checked.head
    }
  }
  return { verified, broken: null }
}

function isOther(head: ChainHead, kept: ChainHead | null): boolean {
  return kept !== null && kept.sequence === head.sequence && kept.hash !== head.hash
}

function notKept({ sequence }: ChainHead): BrokenChain {
  return { sequence, flaw: 'head-not-ours' }
}
