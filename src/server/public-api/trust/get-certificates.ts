import { accept } from '../../../base/result.ts'
import { getCertificatesCall } from '../../../contract/public/trust.ts'
import { loadCodeCertificates } from '../../../store/code-certificates.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { renderCertificate } from './certificate-facts.ts'

type Needs = { readonly database: Database }

/** `POST trust/get_certificates`: what packages are signed with, expired ones included. */
export const getCertificatesRoute: PublicRoute<Needs, typeof getCertificatesCall> = {
  call: getCertificatesCall,
  permission: 'access.view',
  async answer(needs) {
    const certificates = await loadCodeCertificates(needs.database.read)
    return accept({ certificates: certificates.map(renderCertificate) })
  },
}
