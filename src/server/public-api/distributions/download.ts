/**
 * A package's bytes, at the URL that `get_dist_url` gives. GET, HEAD and POST do the same, because
 * installers in the field use them all; the link's own signature or an API key opens it.
 */
import type { Clock } from '../../../base/clock.ts'
import { type DistributionId, isId } from '../../../base/ids.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { clusterPackages } from '../../../pack/cluster-packages.ts'
import { FORMATS } from '../../../pack/writer.ts'
import { writers } from '../../../pack/writers.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { checkLink, type LinkedPackage } from '../../download-link.ts'
import { contentAnswer } from '../../http/content-answer.ts'
import type { HttpRequest } from '../../http/exchange.ts'
import { admit, type EdgeNeeds } from '../../http/public-edge.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { RawRoute } from '../../http/route.ts'
import { findPackage, type PackageNeeds, segmentsOf } from '../../stored-package.ts'

type Needs = PackageNeeds &
  Pick<EdgeNeeds, 'admission' | 'refusedAttempts'> & {
    readonly secret: InstanceSecret
    readonly clock: Clock
  }

export const downloadPackageRoute: RawRoute<Needs> = {
  methods: ['GET', 'HEAD', 'POST'],
  path: '/dist/:distribution/:type/:file',
  async answer(needs, request) {
    const { distribution = '', type = '', file = '' } = request.params
    const linked = { distributionId: distribution, packageType: type, fileName: file }
    const admitted = await admitTo(needs, request, linked)
    if (!admitted.ok) return admitted
    if (!isId(distribution)) {
      return refuse({ code: 'distribution-unknown', distributionId: distribution })
    }
    const id = distribution as DistributionId // Its spelling was just checked.
    const found = await findPackage(needs, id, type)
    if (!found.ok) return found
    if (found.value.fileName !== file) return refuse({ code: 'route-unknown', path: request.path })
    const { format, segmentsDigest, fileName } = found.value
    const segments = await segmentsOf(needs, id, found.value)
    const contentType = mediaTypeOf(format)
    const content = { segments, etag: segmentsDigest, contentType, fileName }
    return accept(contentAnswer(content, request, needs.artifacts))
  },
}

/** Whoever has both a link and a key is admitted by either. */
async function admitTo(
  needs: Needs,
  request: HttpRequest,
  linked: LinkedPackage,
): Promise<Result<unknown, ApiRefusal>> {
  const { query, headers } = request
  const verdict = checkLink(needs.secret, linked, { query, now: needs.clock.now() })
  if (verdict === 'good') return accept(undefined)
  const hasKey = headers['x-xdr-auth-id'] !== undefined
  if (hasKey || !query.has('signature'))
    return admit(needs, request, { permission: 'distributions.view' })
  return refuse({ code: 'link-invalid', isExpired: verdict === 'expired' })
}

function mediaTypeOf(name: string): string {
  const format = FORMATS.find((known) => known === name)
  if (format !== undefined) return writers[format].mediaType
  const ofCluster = Object.values(clusterPackages).find((known) => known.format === name)
  return ofCluster?.mediaType ?? 'application/octet-stream'
}
