/**
 * The chain of audit entries (docs/adr/0014-audit-chain.md): each entry's hash covers its own text
 * and the hash before it, so that whoever changes, takes out or puts in one must write all that
 * follow anew. Here is how a hash is made, and what is wrong where a chain does not hold.
 */
import type { Instant } from '../../base/clock.ts'
import { type Digest, digestOf } from '../../base/digest.ts'

/** Before the first entry. */
export const CHAIN_START = { sequence: 0, hash: '0'.repeat(64) as Digest } as const

/**
 * The end of a chain: what to keep elsewhere, to know later that it was not cut or written anew.
 */
export type ChainHead = { readonly sequence: number; readonly hash: Digest }

/** An entry as it lies in the store. */
export type ChainedEntry = {
  readonly id: number
  readonly at: Instant
  readonly actor: string
  readonly email: string | null
  readonly role: string | null
  readonly address: string | null
  readonly userAgent: string | null
  readonly action: string
  readonly area: string
  readonly verb: string
  readonly subject: string
  readonly result: string
  readonly reason: string | null
  readonly description: string
  readonly before: unknown
  readonly after: unknown
}

const FORM = 'drydock-audit-1'

/** The entry as the one text that its hash covers. */
export function canonicalEntry(sequence: number, entry: ChainedEntry): string {
  const { id, at, actor, email, role, address, userAgent } = entry
  const { action, area, verb, subject, result, reason, description, before, after } = entry
  const who = [actor, email, role, address, userAgent]
  const what = [action, area, verb, subject, result, reason, description, before, after]
  return canonicalJson([FORM, sequence, id, at, ...who, ...what])
}

export function nextHead(head: ChainHead, entry: ChainedEntry): ChainHead {
  const sequence = head.sequence + 1
  return { sequence, hash: digestOf(`${head.hash}\n${canonicalEntry(sequence, entry)}`) }
}

/**
 * JSON of which there is one spelling for each value: no spaces, the keys of an object in the order
 * of their UTF-16 code units. Databases do not keep the order in which keys were written.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return `{${members.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`)}}`
}

export const CHAIN_FLAWS = ['changed', 'missing', 'inserted', 'head-not-ours'] as const
/** What is wrong with the first place at which the chain does not hold. */
export type ChainFlaw = (typeof CHAIN_FLAWS)[number]
export type BrokenChain = { readonly sequence: number; readonly flaw: ChainFlaw }

/** The chain after one more entry, or where it breaks. */
export function checkLink(
  head: ChainHead,
  sealed: { readonly sequence: number; readonly hash: string; readonly entry: ChainedEntry },
): { readonly head: ChainHead } | { readonly broken: BrokenChain } {
  const next = nextHead(head, sealed.entry)
  const { sequence } = next
  if (sealed.sequence > sequence) return { broken: { sequence, flaw: 'missing' } }
  return next.hash === sealed.hash ? { head: next } : { broken: { sequence, flaw: 'changed' } }
}
