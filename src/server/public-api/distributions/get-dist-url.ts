import type { Clock } from '../../../base/clock.ts'
import type { DistributionId } from '../../../base/ids.ts'
import { accept } from '../../../base/result.ts'
import { getDistributionUrlCall, type PackageType } from '../../../contract/public/distributions.ts'
import { enrolmentPath } from '../../../pack/enrolment-link.ts'
import { loadDistribution } from '../../../store/distributions.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { downloadLink, LINK_MS } from '../../download-link.ts'
import { enrolmentToken } from '../../enrolment-token.ts'
import type { PublicRoute } from '../../http/route.ts'
import { findPackage, type PackageNeeds, sha256Of } from '../../stored-package.ts'

type Needs = PackageNeeds & {
  readonly secret: InstanceSecret
  readonly clock: Clock
  readonly settings: { readonly publicUrl: string }
}

/** `POST distributions/get_dist_url`: where a package can be had, for a day without an API key. */
export const getDistributionUrlRoute: PublicRoute<Needs, typeof getDistributionUrlCall> = {
  call: getDistributionUrlCall,
  permission: 'distributions.view',
  async answer(needs, request) {
    const { package_type: packageType } = request.data
    const id = request.data.distribution_id as DistributionId // The schema checked its spelling.
    const found = await findPackage(needs, id, packageType)
    if (!found.ok) return found
    const { fileName, size } = found.value
    const expiresAt = needs.clock.now() + LINK_MS
    const link = downloadLink(
      needs.secret,
      { distributionId: id, packageType, fileName },
      expiresAt,
    )
    return accept({
      distribution_url: `${needs.settings.publicUrl}${link}`,
      file_name: fileName,
      size,
      sha256: await sha256Of(needs, id, found.value),
      expires_at: expiresAt,
      ...(await enrolmentUrl(needs, id, packageType)),
    })
  },
}

/** The phones that are set up by hand, without a code. */
async function enrolmentUrl(
  needs: Needs,
  id: DistributionId,
  packageType: PackageType,
): Promise<{ readonly enrolment_url?: string }> {
  if (packageType !== 'apk' && packageType !== 'qr') return {}
  const distribution = await loadDistribution(needs.database.read, id)
  const token = enrolmentToken(needs.secret, id, distribution?.generation)
  const path = enrolmentPath({ distributionId: id, token })
  return { enrolment_url: `${needs.settings.publicUrl}${path}` }
}
