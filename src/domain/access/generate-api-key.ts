import type { Instant } from '../../base/clock.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Actor } from './actor.ts'
import { type Access, emailKey, findRole } from './grants.ts'
import { type BeyondOwn, keyBeyondOwn } from './hand-out.ts'
import type { Scope } from './scope.ts'

/**
 * Of a key for which nobody said how long: as the original, so that a script that relies on it
 * leaves no key behind that lives for ever.
 */
export const KEY_LIFE_MS = 7 * 24 * 3_600_000

export type GenerateApiKeyCommand = {
  readonly actor: Actor
  /** Null: that of the actor's own key. */
  readonly role: string | null
  /** Undefined: the actor's own. */
  readonly scope: Scope | undefined
  /** Undefined: the actor's own user. */
  readonly userEmail: string | null | undefined
  /** Undefined: `KEY_LIFE_MS` from now; null: never. */
  readonly expiresAt: Instant | null | undefined
}

export type KeyMade = {
  readonly role: string
  readonly scope: Scope
  readonly userEmail: string | null
  readonly expiresAt: Instant | null
}

export type GenerateApiKeyRefusal =
  | { readonly code: 'expiration-past' }
  | { readonly code: 'role-unknown'; readonly names: readonly string[] }
  | { readonly code: 'user-unknown'; readonly emails: readonly string[] }
  | BeyondOwn

/** Refusals in the order of their union. */
export function decideGenerateApiKey(
  access: Access,
  command: GenerateApiKeyCommand,
  now: Instant,
): Result<KeyMade, GenerateApiKeyRefusal> {
  const { actor } = command
  const expiresAt = command.expiresAt === undefined ? now + KEY_LIFE_MS : command.expiresAt
  if (expiresAt !== null && expiresAt <= now) return refuse({ code: 'expiration-past' })
  const name = command.role ?? actor.role.name
  const role = findRole(access.roles, name)
  if (role === null) return refuse({ code: 'role-unknown', names: [name] })
  const userEmail = ownerOf(command)
  if (userEmail !== null && !access.users.some((user) => user.email === userEmail)) {
    return refuse({ code: 'user-unknown', emails: [userEmail] })
  }
  const scope = command.scope === undefined ? actor.scope : command.scope
  const beyond = keyBeyondOwn(actor, { permissions: role.permissions, scope, userEmail })
  if (beyond !== null) return refuse(beyond)
  return accept({ role: role.name, scope, userEmail, expiresAt })
}

function ownerOf({ userEmail, actor }: GenerateApiKeyCommand): string | null {
  if (userEmail === undefined) return actor.userEmail
  return userEmail === null ? null : emailKey(userEmail)
}
