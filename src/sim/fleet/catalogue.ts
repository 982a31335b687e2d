/** What a simulated instance begins with: a key, a distribution, releases, the bytes of them. */
import { type Digest, digestOf } from '../../base/digest.ts'
import type { DistributionId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import type { Installation } from '../../contract/agent/installation.ts'
import type { ReleaseFloors } from '../../domain/release/floors.ts'
import { saveTestDistribution, TEST_TOKEN } from '../../server/testing/fleet.ts'
import type { Database } from '../../store/open.ts'
import { saveArtifact, saveRelease } from '../../store/releases.ts'
import { newSigningKey, type SigningKey } from '../../trust/keys.ts'
import { makeVersion, type VersionKind } from '../bad-versions.ts'
import type { Chance } from '../chance.ts'
import type { Package } from '../machine/install.ts'
import type { Serve, WireRequest } from '../network/network.ts'
import { SIM_TARGET, type SimRelease, sealRelease } from '../release.ts'

export class Catalogue {
  readonly releases: SimRelease[] = []
  /** Of every file that a manifest names. */
  readonly signed = new Set<Digest>()
  readonly #key: SigningKey
  readonly #database: Database
  readonly distributionId: DistributionId

  private constructor(database: Database, key: SigningKey, distributionId: DistributionId) {
    this.#database = database
    this.#key = key
    this.distributionId = distributionId
  }

  static async open(database: Database, chance: Chance): Promise<Catalogue> {
    const distributionId = await saveTestDistribution(database, 'simulated', chance)
    return new Catalogue(database, newSigningKey(chance), distributionId)
  }

  async publish(
    version: string,
    kind: VersionKind,
    about: { readonly at: number; readonly floors: ReleaseFloors },
  ): Promise<SimRelease> {
    const release = sealRelease(makeVersion(version, kind), this.#key)
    const digests = [...release.artifacts.keys()] as Digest[]
    await this.#database.write(async (tx) => {
      for (const digest of digests) {
        const size = release.artifacts.get(digest)?.length ?? 0
        const of = { digest, size, md5: '0'.repeat(32), gzipDigest: digest, gzipSize: size }
        await saveArtifact(tx, of, about.at)
      }
      const published = { publishedAt: about.at, publishedBy: 'sim', notes: null }
      const standing = { withdrawnAt: null, withdrawnBy: null, withdrawnReason: null }
      const named = { manifestDigest: release.digest, version: version as AgentVersion }
      const { floors } = about
      const row = { ...named, target: SIM_TARGET, ...published, ...standing, floors }
      await saveRelease(tx, row, { envelope: release.envelope, artifacts: digests })
    })
    this.releases.push(release)
    for (const { bytes } of release.of.files) this.signed.add(digestOf(bytes))
    return release
  }

  packageOf(release: SimRelease, tags: readonly string[]): Package {
    const { keyId, publicKey } = this.#key
    const installation: Installation = {
      schema: 1,
      server_url: 'http://server',
      distribution_id: this.distributionId,
      token: `${this.distributionId}${TEST_TOKEN}`,
      proxy: [],
      endpoint_tags: [...tags],
      trusted_keys: [{ key_id: keyId, public_key: publicKey }],
    }
    return { seed: { envelope: release.envelope, files: release.of.files }, installation }
  }

  /** Immutable bytes, whoever asks; null: something else is asked for. */
  artifactAnswer(request: WireRequest): Awaited<ReturnType<Serve>> | null {
    const { path } = request
    if (!path.startsWith('/agent/v1/artifacts/')) return null
    const digest = path.slice(path.lastIndexOf('/') + 1)
    const found = this.releases.find((release) => release.artifacts.has(digest))
    const bytes = found?.artifacts.get(digest)
    const type = { 'content-type': 'application/octet-stream' }
    if (bytes === undefined) return { status: 404, headers: type, body: new Uint8Array() }
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (start === 0) return { status: 200, headers: type, body: bytes }
    const contentRange = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
    const headers = { ...type, 'content-range': contentRange }
    return { status: 206, headers, body: bytes.subarray(start) }
  }

  kindOf(manifestDigest: string | null): VersionKind | null {
    return this.releases.find(({ digest }) => digest === manifestDigest)?.of.kind ?? null
  }
}
