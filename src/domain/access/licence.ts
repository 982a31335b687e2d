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
  readonly product: Product
  readonly addOns: readonly AddOn[]
} | null

const EVERYTHING = 'everything'
export const LICENCE_SHAPE =
  `${EVERYTHING}, or a product (${PRODUCTS.join(', ')}), with + and an add-on after it for each ` +
  `(${ADD_ONS.join(', ')})`

/** `everything`, `xdr-prevent`, `xsiam+cloud-posture-security`. */
export function parseLicence(text: string): Result<Licence, null> {
  const [name = '', ...others] = text.trim().toLowerCase().split('+')
  if (name === EVERYTHING) return others.length === 0 ? accept(null) : refuse(null)
  const product = PRODUCTS.find((known) => known === name)
  const addOns = ADD_ONS.filter((known) => others.includes(known))
  if (product === undefined || addOns.length !== others.length) return refuse(null)
  return accept({ product, addOns })
}

export function licenceText(licence: Licence): string {
  return licence === null ? EVERYTHING : [licence.product, ...licence.addOns].join('+')
}

/** What a licence covers or does not. */
export type LicensedFeature = 'distributions' | 'upgrades'

/**
 * As the two documents say it. Packages: they name the two XDR products; the XSIAM edition of the
 * original has the same calls, so its products cover them too, and every licence does. Upgrades:
 * XSIAM Premium, or any XSIAM product with one of the add-ons.
 */
export function covers(licence: Licence, feature: LicensedFeature): boolean {
  if (licence === null || feature === 'distributions') return true
  if (licence.product === 'xsiam-premium') return true
  return licence.product === 'xsiam' && licence.addOns.length > 0
}

/** What would cover it, for a person. */
export const LICENCES_NEEDED: Readonly<Record<LicensedFeature, string>> = {
  distributions: 'XDR Prevent, XDR Pro per Endpoint, or any XSIAM product',
  upgrades:
    'XSIAM Premium, or any XSIAM product with the Cloud Runtime Security or Cloud Posture ' +
    'Security add-on',
}
