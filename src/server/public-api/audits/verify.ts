import { accept, refuse } from '../../../base/result.ts'
import { verifyAuditsCall } from '../../../contract/public/audits.ts'
import { VERIFICATIONS_MAX } from '../../../contract/public/limits.ts'
import type { ChainHead } from '../../../domain/audit/chain.ts'
import type { Database } from '../../../store/open.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { macOfHead } from '../../audit-mac.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type Verifications, verifyAudit } from '../../verify-audit.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'keyFor'>
  readonly verifications: Verifications
}

/** `POST audits/verify`: reads and hashes the audit log anew, a part at a time. */
export const verifyAuditsRoute: PublicRoute<Needs, typeof verifyAuditsCall> = {
  call: verifyAuditsCall,
  permission: 'audits.view',
  async answer(needs, { data }) {
    const { database, verifications } = needs
    if (verifications.count >= VERIFICATIONS_MAX) {
      return refuse({ code: 'too-many-verifications', limit: VERIFICATIONS_MAX })
    }
    verifications.count += 1
    try {
      const asked = { from: headIn(data.from), kept: headIn(data.head) }
      const found = await verifyAudit({ database, macOf: macOfHead(needs.secret) }, asked)
      const { broken, verified, head, unsealed, isWhole } = found
      return accept({
        valid: broken === null,
        is_whole: isWhole,
        verified,
        head,
        entries: head.sequence,
        unsealed,
        broken: broken === null ? null : { sequence: broken.sequence, problem: broken.flaw },
      })
    } finally {
      verifications.count -= 1
    }
  },
}

function headIn(
  head: { readonly sequence: number; readonly hash: string } | null | undefined,
): ChainHead | null {
  return head == null ? null : (head as ChainHead) // The schema checked the digest's spelling.
}
