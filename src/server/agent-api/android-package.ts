/**
 * The package that an app on Android upgrades itself to. Elsewhere an agent gets a release's files
 * and puts them together; Android takes a package alone, and one of the instance's own key. It is
 * written when it is asked for: some milliseconds, and the same bytes each time, so a download that
 * broke off can be taken up.
 */
import type { Digest } from '../../base/digest.ts'
import { apkWriter, writeUpgradeApk } from '../../pack/apk/apk.ts'
import type { WriterNeeds } from '../../pack/writer.ts'
import type { Reader } from '../../store/open.ts'
import { loadReleases } from '../../store/releases.ts'
import type { AgentRoute } from '../http/agent-route.ts'
import { loadReleaseSpecs, specsFor } from '../work/release-specs.ts'
import { admit, type DownloadNeeds } from './download.ts'
import { refusal } from './refusal.ts'

export type AndroidPackageNeeds = DownloadNeeds & { readonly writerNeeds: WriterNeeds }

export const androidPackageDoor: AgentRoute<AndroidPackageNeeds> = {
  method: 'GET',
  path: '/agent/v1/packages/:digest',
  bodyBytesMax: 0,
  async answer(needs, request) {
    const digest = await admit(needs, request)
    if (typeof digest !== 'string') return digest
    const spec = await specOf(needs.database.read, digest)
    if (spec === undefined) return refusal(404, 'manifest-unknown', 'no release for Android has it')
    const pace = await needs.bandwidth.begin()
    // Not 503: an agent would blame the proxy on its way.
    if (pace === 'full') return refusal(429, 'bandwidth-full', 'too many download now; try later')
    const segments = await writeUpgradeApk(spec, needs.writerNeeds)
    const etag = await needs.writerNeeds.digestOf(segments)
    return { kind: 'segments', segments, etag, contentType: apkWriter.mediaType, pace }
  },
}

/** With all builds of the version, as its packages have them. */
async function specOf(read: Reader, manifestDigest: Digest) {
  const releases = await loadReleases(read, { platform: 'android' })
  const named = releases.find((release) => release.manifestDigest === manifestDigest)
  if (named === undefined) return undefined
  const builds = releases.filter(({ version }) => version === named.version)
  return specsFor(apkWriter, await loadReleaseSpecs(read, builds))[0]
}
