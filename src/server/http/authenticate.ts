/**
 * Who asks, by API key. Two modes, as existing clients sign: a standard key is sent as it is; an
 * advanced key is never sent, but `sha256(key + nonce + timestamp)` is. Neither kept here nor in
 * the database: for a standard key its SHA-256 is enough, for an advanced one the hash's chaining
 * value after the key (base/sha256-state.ts).
 *
 * Guaranteed: an unknown id, a wrong key, the wrong mode, an expired and a deleted key are one
 * answer, reached in one way. Deliberately absent: refusing a nonce that was seen before, because
 * existing clients sign once and call often; what a thief can do with a stolen signature ends with
 * its timestamp. And locking out whoever fails often: nobody guesses one of 2^762 keys, a failure
 * costs a hash or two, and a lock would let anybody who knows an id shut its owner out.
 */
import type { Clock, Instant } from '../../base/clock.ts'
import { digestOf, equalInConstantTime } from '../../base/digest.ts'
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { sha256Finish, sha256StateAfter } from '../../base/sha256-state.ts'
import type { Actor } from '../../domain/access/actor.ts'
import { type Grant, noRole, resolveGrants } from '../../domain/access/grants.ts'
import { loadAccess } from '../../store/access.ts'
import { type ApiKey, type KeptSecret, saveApiKeyUsed } from '../../store/api-keys.ts'
import type { Database } from '../../store/open.ts'
import type { InstanceSecret } from '../../store/secret.ts'
import { type Headers, headerOf } from './exchange.ts'

/** Two blocks of SHA-256; clients that guess the mode take a key this long for an advanced one. */
export const API_KEY_LENGTH = 128
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Clients sign once and call for a while; one of the field's counts on a quarter of an hour. */
export const SIGNATURE_AGE_MS_MAX = 15 * 60_000
/** What another server changed of keys, roles and users is known here this long after it. */
const KEYS_FRESH_MS = 3_000
const LAST_USED_GRAIN_MS = 60_000
const SIGNED_TEXT_MAX = 512

export type KeyRing = {
  authenticate(headers: Headers): Promise<Result<Actor, { readonly code: 'unauthorised' }>>
  /** The key's owner as he may now; null: the key is not, or no longer, good. */
  current(id: number): Promise<Actor | null>
  /** After a change of keys, roles or users: the next request reads them anew. */
  forget(): void
}

export type KeyRingNeeds = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'open'>
  readonly clock: Clock
  readonly log: Log
}

type Secret = {
  readonly keyDigest: string
  /** Of an advanced key, opened when it is first asked for; null for a standard one. */
  readonly state: (() => Uint8Array) | null
  readonly until: Instant
}

type LiveKey = {
  readonly actor: Actor
  /** After a rotation the one before, too, until its overlap ends. */
  readonly secrets: readonly Secret[]
}

type Keys = ReadonlyMap<string, LiveKey>

/** No key has this digest: it is that of nothing anybody could send. */
const NOBODY: LiveKey = {
  actor: { kind: 'api-key', id: 0, name: '', role: noRole(''), scope: null, userEmail: null },
  secrets: [{ keyDigest: '-'.repeat(64), state: null, until: Number.POSITIVE_INFINITY }],
}

export function createKeyRing(needs: KeyRingNeeds): KeyRing {
  let loading: Promise<Keys> | null = null
  let loadedAt = Number.NEGATIVE_INFINITY
  const lastUsed = new Map<number, Instant>()
  const keys = () => {
    const now = needs.clock.monotonic()
    if (loading !== null && now - loadedAt < KEYS_FRESH_MS) return loading
    const fresh = loadLiveKeys(needs, lastUsed)
    loading = fresh
    loadedAt = now
    fresh.catch(() => {
      // Best effort: whoever asked meets the fault; whoever asks next tries again.
      if (loading === fresh) loading = null
    })
    return fresh
  }
  return {
    async authenticate(headers) {
      const now = needs.clock.now()
      const key = (await keys()).get(headerOf(headers, 'x-xdr-auth-id')?.trim() ?? '')
      if (!isAuthentic(key ?? NOBODY, headers, now)) return refuse({ code: 'unauthorised' })
      const { actor } = key ?? NOBODY
      // A clock that was corrected must not silence it until that day.
      if (Math.abs(now - (lastUsed.get(actor.id) ?? 0)) >= LAST_USED_GRAIN_MS) {
        lastUsed.set(actor.id, now)
        void noteUse(needs, actor.id, now)
      }
      return accept(actor)
    },
    async current(id) {
      const key = (await keys()).get(String(id))
      const now = needs.clock.now()
      return key?.secrets.some(({ until }) => now < until) ? key.actor : null
    },
    forget() {
      loading = null
    },
  }
}

async function loadLiveKeys(needs: KeyRingNeeds, lastUsed: Map<number, Instant>): Promise<Keys> {
  const access = await loadAccess(needs.database.read)
  const granted = resolveGrants(access)
  for (const { id, lastUsedAt } of access.keys) {
    if (lastUsedAt !== null && !lastUsed.has(id)) lastUsed.set(id, lastUsedAt)
  }
  return new Map(
    access.keys.map((key) => {
      const grant = granted.get(key.id) ?? { role: noRole(key.role), scope: key.scope }
      return [String(key.id), liveKey(key, grant, needs.secret)]
    }),
  )
}

function liveKey(key: ApiKey, grant: Grant, secret: Pick<InstanceSecret, 'open'>): LiveKey {
  const { id, name, userEmail, previous } = key
  const end = key.expiresAt ?? Number.POSITIVE_INFINITY
  const secretOf = (kept: KeptSecret, until: Instant): Secret => ({
    keyDigest: kept.keyDigest,
    state: kept.sealedState === null ? null : openedOnce(kept, secret),
    until: Math.min(until, end),
  })
  return {
    actor: { kind: 'api-key', id, name, ...grant, userEmail },
    secrets: [
      secretOf(key, end),
      ...(previous === null ? [] : [secretOf(previous, previous.until)]),
    ],
  }
}

/** Keys are read anew every few seconds, and most of them are not used in between. */
function openedOnce(
  { keyDigest, sealedState }: KeptSecret,
  secret: Pick<InstanceSecret, 'open'>,
): () => Uint8Array {
  let state: Uint8Array | null = null
  return () => {
    state ??= secret.open(sealedState ?? new Uint8Array(), stateContext(keyDigest))
    return state
  }
}

/** Every secret is checked, whichever fits: how long it takes says nothing about them. */
function isAuthentic(key: LiveKey, headers: Headers, now: Instant): boolean {
  const authorization = headerOf(headers, 'authorization') ?? ''
  if (authorization.length > SIGNED_TEXT_MAX) return false
  const right = key.secrets.filter((secret) => {
    const isRight =
      secret.state === null
        ? equalInConstantTime(digestOf(Buffer.from(authorization, 'latin1')), secret.keyDigest)
        : isSigned(secret.state(), headers, { authorization, now })
    return isRight && now < secret.until
  })
  return right.length > 0 && key !== NOBODY
}

/** Node gives header values as latin1, one character for each byte that was sent. */
function isSigned(
  state: Uint8Array,
  headers: Headers,
  sent: { readonly authorization: string; readonly now: Instant },
): boolean {
  const nonce = headerOf(headers, 'x-xdr-nonce') ?? ''
  const timestamp = headerOf(headers, 'x-xdr-timestamp') ?? ''
  if (nonce === '' || nonce.length > SIGNED_TEXT_MAX || !/^\d{1,15}$/.test(timestamp)) return false
  const expected = sha256Finish(state, API_KEY_LENGTH, Buffer.from(nonce + timestamp, 'latin1'))
  const isFresh = Math.abs(sent.now - Number(timestamp)) <= SIGNATURE_AGE_MS_MAX
  return equalInConstantTime(sent.authorization.toLowerCase(), expected) && isFresh
}

async function noteUse(needs: KeyRingNeeds, id: number, now: Instant): Promise<void> {
  try {
    await needs.database.write((tx) => saveApiKeyUsed(tx, id, now))
  } catch (error) {
    // Best effort: when a key was last used is for a person to look at; no request fails for it.
    needs.log.warn({ key: id, error: causeChain(error) }, 'the use of an API key was not noted')
  }
}

/** 128 characters, each of 62: about 762 bits, drawn without preferring any. */
export function newApiKey(random: Random): string {
  let key = ''
  while (key.length < API_KEY_LENGTH) {
    for (const byte of random.bytes(API_KEY_LENGTH)) {
      // 248 is the largest multiple of 62 in a byte.
      if (byte < 248 && key.length < API_KEY_LENGTH) key += ALPHABET[byte % ALPHABET.length] ?? ''
    }
  }
  return key
}

/** What is kept of a key: enough to check it, too little to use it. */
export function keptOfApiKey(
  key: string,
  mode: 'standard' | 'advanced',
  secret: Pick<InstanceSecret, 'seal'>,
): KeptSecret {
  const bytes = Buffer.from(key, 'latin1')
  const keyDigest = digestOf(bytes)
  if (mode === 'standard') return { keyDigest, sealedState: null }
  return { keyDigest, sealedState: secret.seal(sha256StateAfter(bytes), stateContext(keyDigest)) }
}

function stateContext(keyDigest: string): string {
  return `api-key-state:${keyDigest}`
}
