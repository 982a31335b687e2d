/**
 * What the instance is licensed for. The two documents name a licence for each call; an instance
 * that says nothing may do everything.
 */
export const PRODUCTS = ['xdr-prevent', 'xdr-pro-per-endpoint', 'xsiam', 'xsiam-premium'] as const
export type Product = (typeof PRODUCTS)[number]
export const ADD_ONS = ['cloud-runtime-security', 'cloud-posture-security'] as const
export type AddOn = (typeof ADD_ONS)[number]

/** Null: everything is allowed. */
export type Licence = {
  readonly product: Product
  readonly addOns: readonly AddOn[]
} | null

/** What a licence covers or does not. */
export type LicensedFeature = 'distributions' | 'upgrades'
