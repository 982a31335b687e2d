import { toHex } from './bytes.ts'
import type { Random } from './random.ts'

declare const idBrand: unique symbol
type Id<Name extends string> = string & { readonly [idBrand]: Name }

/** 32 lower-case hexadecimal characters: clients tell an id from a host name by that. */
export type EndpointId = Id<'endpoint'>
/** 32 lower-case hexadecimal characters. */
export type DistributionId = Id<'distribution'>
/** One try of an upgrade; 32 lower-case hexadecimal characters. */
export type AttemptId = Id<'attempt'>
/** One life of an agent process; 32 lower-case hexadecimal characters. */
export type RunId = Id<'run'>
/** What the public API calls `group_action_id`: a positive integer, given by the store. */
export type UpgradeActionId = number & { readonly [idBrand]: 'upgrade-action' }
/** Of a policy that orders upgrades by itself: a positive integer, given by the store. */
export type UpgradePolicyId = number & { readonly [idBrand]: 'upgrade-policy' }

const ID = /^[0-9a-f]{32}$/

export function isId(text: string): boolean {
  return ID.test(text)
}

/** Mints and brands ids. Minted at the edge, so that deciders stay pure. */
export function newId<Branded extends Id<string>>(random: Random): Branded {
  return toHex(random.bytes(16)) as Branded
}

/** A secret nobody can guess: 256 bits, as 64 hexadecimal characters. */
export function newSecret(random: Random): string {
  return toHex(random.bytes(32))
}
