/**
 * What packages need of a release that its gzip members cannot be put together to: made once, kept
 * as an artifact, found again by how it is made and of what. Two that ask at once wait for one
 * making; two servers make it twice, and the last is found. A making that takes long does not hold
 * up the server's end.
 */
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Clock } from '../base/clock.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import { ARTIFACT_BYTES_MAX } from '../contract/schema.ts'
import type { ArtifactRef } from '../pack/package-spec.ts'
import type { Derived, DerivedPart } from '../pack/writer.ts'
import type { Artifacts } from '../store/artifacts.ts'
import { loadDerivedPart, saveDerivedPart } from '../store/derived-parts.ts'
import type { Database } from '../store/open.ts'

export type DerivingNeeds = {
  readonly database: Database
  readonly artifacts: Pick<Artifacts, 'openRead' | 'putAsIs' | 'has'>
  readonly clock: Clock
  /** The server stops: what is being made is thrown away, and made after the next start. */
  readonly stopping: AbortSignal
}

const NOTES_CHARACTERS_MAX = 1024 * 1024

export function createDerivedParts(needs: DerivingNeeds): (part: DerivedPart) => Promise<Derived> {
  const underWay = new Map<Digest, Promise<Derived>>()
  return async (part) => {
    const key = keyOf(part)
    const derived =
      underWay.get(key) ?? findOrMake(needs, key, part).finally(() => underWay.delete(key))
    underWay.set(key, derived)
    return await derived
  }
}

function keyOf({ recipe, parameters, sources }: DerivedPart): Digest {
  return digestOf(JSON.stringify([recipe, parameters, sources.map(({ digest }) => digest)]))
}

async function findOrMake(needs: DerivingNeeds, key: Digest, part: DerivedPart): Promise<Derived> {
  const known = await loadDerivedPart(needs.database.read, key)
  // One whose bytes were lost is made again.
  if (known !== null && (await needs.artifacts.has(known.digest))) return known
  return await makePart(needs, key, part)
}

async function makePart(needs: DerivingNeeds, key: Digest, part: DerivedPart): Promise<Derived> {
  const source = part.make((artifact) => contentOf(needs, artifact))
  return await needs.artifacts.putAsIs(source, ARTIFACT_BYTES_MAX, async (stored) => {
    if (stored.notes.length > NOTES_CHARACTERS_MAX) {
      const doing = `keeping ${stored.notes.length} characters of notes on ${part.recipe}`
      throw new Fault({ code: 'derived-too-large', doing, retry: 'never' })
    }
    await needs.database.write((tx) => saveDerivedPart(tx, key, stored, needs.clock.now()))
  })
}

/** As it was before it was compressed; leaving the loop closes the file. */
async function* contentOf(
  { artifacts, stopping }: Pick<DerivingNeeds, 'artifacts' | 'stopping'>,
  artifact: ArtifactRef,
): AsyncGenerator<Uint8Array> {
  const stored = await artifacts.openRead(artifact.gzipDigest)
  const gunzip = createGunzip()
  // Best effort: what goes wrong in it ends the loop below; ending that loop early is no fault.
  pipeline(copied(stored), gunzip).catch(() => {})
  for await (const bytes of gunzip) {
    if (stopping.aborted) {
      const doing = 'making a part of packages while the server stops'
      throw new Fault({ code: 'server-stopping', doing, retry: 'later' })
    }
    yield bytes
  }
}

/** The store gives one buffer again and again, and a stream holds several parts at once. */
async function* copied(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield Uint8Array.from(part)
}
