import type { Instant } from '../../base/clock.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Actor } from './actor.ts'
import { type Access, findRole, noRole } from './grants.ts'
import { type BeyondOwn, keyBeyondOwn } from './hand-out.ts'
import { isLive, type LastLiveKey, locksOut } from './last-editor.ts'

export type RotateApiKeyCommand = {
  readonly actor: Actor
  readonly id: number
  /** How long the secret before is still taken. */
  readonly overlapMs: number
  /** Undefined: as it was; null: never. */
  readonly expiresAt: Instant | null | undefined
}

export type RotateApiKeyRefusal =
  | { readonly code: 'expiration-past' }
  | { readonly code: 'key-unknown'; readonly id: number }
  | BeyondOwn
  | LastLiveKey

export type KeyRotated = {
  readonly expiresAt: Instant | null
  /** Until then the secret before is taken; null: it ended with this. */
  readonly previousUntil: Instant | null
}

/**
 * The key keeps its id, so a client changes nothing but the secret it holds. Whoever gets the new
 * secret can do what the key can do: so it is handed out like a new key, to its own holder always.
 */
export function decideRotateApiKey(
  access: Access,
  command: RotateApiKeyCommand,
  now: Instant,
): Result<KeyRotated, RotateApiKeyRefusal> {
  const { actor, id, overlapMs } = command
  const key = access.keys.find((each) => each.id === id)
  const expiresAt = command.expiresAt === undefined ? key?.expiresAt : command.expiresAt
  if (command.expiresAt != null && command.expiresAt <= now) {
    return refuse({ code: 'expiration-past' })
  }
  if (key === undefined || expiresAt === undefined || !isLive(key, now)) {
    return refuse({ code: 'key-unknown', id })
  }
  const { permissions } = findRole(access.roles, key.role) ?? noRole(key.role)
  const beyond = id === actor.id ? null : keyBeyondOwn(actor, { ...key, permissions })
  if (beyond !== null) return refuse(beyond)
  const keys = access.keys.map((each) => (each.id === id ? { ...each, expiresAt } : each))
  if (locksOut(access, { ...access, keys }, now)) return refuse({ code: 'last-live-key' })
  return accept({ expiresAt, previousUntil: overlapMs === 0 ? null : now + overlapMs })
}
