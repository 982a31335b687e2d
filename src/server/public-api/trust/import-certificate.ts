import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import { importCertificateCall } from '../../../contract/public/trust.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { saveAudit } from '../../../store/audit.ts'
import { loadCodeCertificates, saveCodeCertificate } from '../../../store/code-certificates.ts'
import type { Database } from '../../../store/open.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { readCodeCertificate } from '../../../trust/code-certificate.ts'
import { contextOf } from '../../code-signer.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { renderCertificate } from './certificate-facts.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'seal'>
  readonly clock: Clock
}

/**
 * `POST trust/import_certificate`: takes the place of the one before. The password opens the file
 * here, and is kept nowhere.
 */
export const importCertificateRoute: PublicRoute<Needs, typeof importCertificateCall> = {
  call: importCertificateCall,
  permission: 'access.edit',
  isEverywhere: true,
  async answer(needs, { data, actor, origin }) {
    const { purpose } = data
    const now = needs.clock.now()
    const file = Buffer.from(data.certificate, 'base64')
    const given = { file, password: data.password ?? '', purpose, now, keys: 'rsa' } as const
    const read = readCodeCertificate(given)
    if (!read.ok) return read
    const { id, privateKey, ...facts } = read.value
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
    const imported = {
      purpose,
      certificateId: id,
      subject: facts.subject,
      issuer: facts.issuer,
      notBefore: facts.notBefore,
      notAfter: facts.notAfter,
      chain: facts.chain,
      sealedPrivate: needs.secret.seal(pkcs8, contextOf(purpose, id)),
      createdAt: now,
      createdBy: actorName(actor),
    }
    const reply = renderCertificate(imported)
    await needs.database.write(async (tx) => {
      const known = (await loadCodeCertificates(tx)).find((each) => each.purpose === purpose)
      await saveCodeCertificate(tx, imported)
      const change = {
        action: 'certificate.import',
        subject: id,
        description: `imported the certificate of ${facts.subject} to sign for ${purpose}`,
        before: known === undefined ? null : renderCertificate(known),
        after: reply,
      }
      await saveAudit(tx, audited({ actor, origin }, now, change))
    }, 'serializable')
    return accept(reply)
  },
}
