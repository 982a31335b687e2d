import { accept } from '../../../base/result.ts'
import { getPackageKeyCall } from '../../../contract/public/trust.ts'
import type { AndroidSigner } from '../../android-signer.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { PackageSigner } from '../../package-signer.ts'

type Needs = { readonly packageSigner: PackageSigner; readonly androidSigner: AndroidSigner }

/** `POST trust/get_package_key`: the same key for as long as the instance lives. */
export const getPackageKeyRoute: PublicRoute<Needs, typeof getPackageKeyCall> = {
  call: getPackageKeyCall,
  permission: 'distributions.view',
  async answer(needs, request) {
    if (request.data.format === 'apk') {
      const { fingerprint, pem, createdAt } = await needs.androidSigner.certificate()
      return accept({
        fingerprint: fingerprint.toUpperCase(),
        public_key: pem,
        created_at: createdAt,
      })
    }
    const { fingerprint, armoured, createdAt } = await needs.packageSigner.publicKey()
    return accept({
      fingerprint: fingerprint.toUpperCase(),
      public_key: armoured,
      created_at: createdAt * 1000,
    })
  },
}
