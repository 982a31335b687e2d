/**
 * Models: for each format and release one list of segments that stands for all. It is written as if
 * for a distribution that nobody has, so it holds no token; it is kept sealed like every list, and
 * is never changed, because packages are stored as what differs from it.
 */
import type { Clock } from '../base/clock.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import type { PackageSpec } from '../pack/package-spec.ts'
import type { PackageWriter, Segment, WriterNeeds } from '../pack/writer.ts'
import type { Database } from '../store/open.ts'
import { loadPackageModel, savePackageModel } from '../store/package-models.ts'
import type { InstanceSecret } from '../store/secret.ts'
import { compress, decompress, listBytes } from './sealed-segments.ts'

export type PackageModel = { readonly key: Digest; readonly bytes: Uint8Array }

export type PackageModels = {
  /** `spec` carries the enrolment of nobody. */
  of(writer: PackageWriter, spec: PackageSpec): Promise<PackageModel>
  /** Of packages that no writer makes: `write` is asked once for each key, and tells no token. */
  like(key: Digest, write: () => Promise<readonly Segment[]>): Promise<PackageModel>
  /** Of a package that was stored with it. */
  named(key: Digest): Promise<Uint8Array>
}

export type ModelNeeds = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'seal' | 'open'>
  readonly clock: Clock
  readonly writerNeeds: WriterNeeds
}

/** Who a model is written for, with an id and a token as long as real ones are. */
export const NOBODY = { distributionId: '0'.repeat(32), token: 'A'.repeat(43) } as const

/** In memory at a time; those of small releases have some 20 KiB. */
const HELD_BYTES_MAX = 32 * 1024 * 1024
const NOTHING = new Uint8Array()

export function createPackageModels(needs: ModelNeeds): PackageModels {
  const held = new Map<Digest, Uint8Array>()
  let heldBytes = 0
  const hold = (key: Digest, bytes: Uint8Array) => {
    heldBytes += bytes.length - (held.get(key)?.length ?? 0)
    held.set(key, bytes)
    for (const [oldest, { length }] of held) {
      if (heldBytes <= HELD_BYTES_MAX) break
      held.delete(oldest)
      heldBytes -= length
    }
    return bytes
  }
  const find = async (key: Digest) => {
    const known = held.get(key)
    if (known !== undefined) return known
    const sealed = await loadPackageModel(needs.database.read, key)
    if (sealed === null) return null
    return hold(key, decompress(needs.secret.open(sealed, contextOf(key)), NOTHING))
  }
  const like: PackageModels['like'] = async (key, write) => {
    const known = await find(key)
    if (known !== null) return { key, bytes: known }
    const bytes = listBytes(await write())
    const sealed = needs.secret.seal(compress(bytes, NOTHING), contextOf(key))
    const now = needs.clock.now()
    await needs.database.write((tx) => savePackageModel(tx, key, sealed, now))
    // Perhaps another server's, which came first.
    const stored = await find(key)
    invariant(stored !== null, 'a model that was saved is there')
    return { key, bytes: stored }
  }
  return {
    like,
    of: (writer, spec) => like(keyOf(writer, spec), () => writer.write(spec, needs.writerNeeds)),
    async named(key) {
      const bytes = await find(key)
      invariant(bytes !== null, 'a package was stored with a model that is there')
      return bytes
    },
  }
}

/**
 * A version and its target have one manifest each; the same build may be packaged beside others.
 */
function keyOf(writer: PackageWriter, spec: PackageSpec): Digest {
  const manifests = [spec, ...spec.otherBuilds].map(({ manifest }) => digestOf(manifest))
  return digestOf(JSON.stringify([writer.format, spec.timestamp, ...manifests]))
}

function contextOf(key: Digest): string {
  return `package-model:${key}`
}
