import { accept } from '../../../base/result.ts'
import { getPackageKeyCall } from '../../../contract/public/trust.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { PackageSigner } from '../../package-signer.ts'

type Needs = { readonly packageSigner: PackageSigner }

/** `POST trust/get_package_key`: the same key for as long as the instance lives. */
export const getPackageKeyRoute: PublicRoute<Needs, typeof getPackageKeyCall> = {
  call: getPackageKeyCall,
  permission: 'distributions.view',
  async answer(needs) {
    const { fingerprint, armoured, createdAt } = await needs.packageSigner.publicKey()
    return accept({
      fingerprint: fingerprint.toUpperCase(),
      public_key: armoured,
      created_at: createdAt * 1000,
    })
  },
}
