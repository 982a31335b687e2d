import { accept, type Result, refuse } from '../../base/result.ts'

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
  readonly products: readonly Product[]
  readonly addOns: readonly AddOn[]
} | null

const EVERYTHING = 'everything'
export const LICENCE_SHAPE =
  `${EVERYTHING}, or products (${PRODUCTS.join(', ')}) and add-ons (${ADD_ONS.join(', ')}), ` +
  'joined by +'

/** `everything`, `xdr-prevent`, `xdr-prevent+xsiam+cloud-posture-security`. */
export function parseLicence(text: string): Result<Licence, null> {
  const names = text.trim().toLowerCase().split('+')
  if (names.length === 1 && names[0] === EVERYTHING) return accept(null)
  const products = PRODUCTS.filter((known) => names.includes(known))
  const addOns = ADD_ONS.filter((known) => names.includes(known))
  const isKnown = products.length + addOns.length === names.length
  return isKnown && products.length > 0 ? accept({ products, addOns }) : refuse(null)
}

export function licenceText(licence: Licence): string {
  return licence === null ? EVERYTHING : [...licence.products, ...licence.addOns].join('+')
}

/** What a licence covers or does not. */
export type LicensedFeature = 'distributions' | 'upgrades'

/**
 * As the two documents say it, to the letter. Packages: one of the two XDR products. Upgrades:
 * XSIAM Premium, or any XSIAM product with one of the add-ons.
 */
export function covers(licence: Licence, feature: LicensedFeature): boolean {
  if (licence === null) return true
  const { products, addOns } = licence
  if (feature === 'distributions') {
    return products.includes('xdr-prevent') || products.includes('xdr-pro-per-endpoint')
  }
  return products.includes('xsiam-premium') || (products.includes('xsiam') && addOns.length > 0)
}

/** What would cover it, for a person. */
export const LICENCES_NEEDED: Readonly<Record<LicensedFeature, string>> = {
  distributions: 'XDR Prevent or XDR Pro per Endpoint',
  upgrades:
    'XSIAM Premium, or any XSIAM product with the Cloud Runtime Security or Cloud Posture ' +
    'Security add-on',
}
