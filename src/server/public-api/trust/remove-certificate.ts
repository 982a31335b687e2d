import type { Clock } from '../../../base/clock.ts'
import { accept, refuse } from '../../../base/result.ts'
import { removeCertificateCall } from '../../../contract/public/trust.ts'
import { saveAudit } from '../../../store/audit.ts'
import { loadCodeCertificates, removeCodeCertificate } from '../../../store/code-certificates.ts'
import type { Database } from '../../../store/open.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { renderCertificate } from './certificate-facts.ts'

type Needs = { readonly database: Database; readonly clock: Clock }

/** `POST trust/remove_certificate`: with its key; what was signed with it stays as it is. */
export const removeCertificateRoute: PublicRoute<Needs, typeof removeCertificateCall> = {
  call: removeCertificateCall,
  permission: 'access.edit',
  isEverywhere: true,
  async answer(needs, { data, actor, origin }) {
    const now = needs.clock.now()
    return await needs.database.write(async (tx) => {
      const known = (await loadCodeCertificates(tx)).find((each) => each.purpose === data.purpose)
      if (known === undefined) return refuse({ code: 'certificate-unknown', purpose: data.purpose })
      await removeCodeCertificate(tx, data.purpose)
      const reply = renderCertificate(known)
      const change = {
        action: 'certificate.remove',
        subject: known.certificateId,
        description: `removed the certificate of ${known.subject} that signed for ${data.purpose}`,
        before: reply,
      }
      await saveAudit(tx, audited({ actor, origin }, now, change))
      return accept(reply)
    }, 'serializable')
  },
}
