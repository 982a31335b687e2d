/**
 * Every route names the permission it needs. Until roles are added, each live key holds all of
 * them; the names are stored nowhere, so that they may still change.
 */
export const PERMISSIONS = [
  'distributions.view',
  'distributions.edit',
  'releases.view',
  'releases.edit',
  'endpoints.view',
  'endpoints.upgrade',
  'actions.view',
  'api-keys.view',
  'api-keys.edit',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/** Who asks: the API key that signed the request. */
export type Actor = { readonly kind: 'api-key'; readonly id: number; readonly name: string }

/** As audit entries and `created_by` name it. */
export function actorName(actor: Actor): string {
  return `${actor.kind}:${actor.id}`
}
