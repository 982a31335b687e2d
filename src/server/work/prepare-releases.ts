/**
 * Makes ahead what packages of a release will need and what takes time: compressing it once more as
 * one stream or a cabinet. Level-triggered: an order that comes before waits for the same making.
 */
import type { Digest } from '../../base/digest.ts'
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import type { Release } from '../../domain/release/release.ts'
import { FORMATS } from '../../pack/writer.ts'
import { writers } from '../../pack/writers.ts'
import { loadReleases } from '../../store/releases.ts'
import { type ImageNeeds, imageFor, isInImages } from '../registry/image-for.ts'
import type { Work } from './loop.ts'
import { loadReleaseSpecs, specsFor } from './release-specs.ts'

export type PreparingNeeds = ImageNeeds & { readonly log: Log }

/** Woken for what is published here; looks by itself for what other servers publish. */
const EVERY_MS = 60_000

export function preparingReleases(needs: PreparingNeeds): Work {
  const prepared = new Set<Digest>()
  return {
    name: 'preparing',
    everyMs: EVERY_MS,
    async perform() {
      const releases = await loadReleases(needs.database.read, {})
      const offered = releases.filter(({ withdrawnAt }) => withdrawnAt === null)
      const groups = Map.groupBy(offered, ({ version, target }) => `${target.platform} ${version}`)
      for (const group of groups.values()) {
        if (group.every(({ manifestDigest }) => prepared.has(manifestDigest))) continue
        await prepare(needs, group)
        for (const { manifestDigest } of group) prepared.add(manifestDigest)
      }
      return null
    },
  }
}

/** All builds of a version for a platform: some formats take them together. */
async function prepare(needs: PreparingNeeds, releases: readonly Release[]): Promise<void> {
  const [release] = releases
  const startedAt = needs.clock.monotonic()
  let count = 0
  try {
    const specs = await loadReleaseSpecs(needs.database.read, releases)
    for (const format of FORMATS) {
      for (const spec of specsFor(writers[format], specs)) {
        for (const part of writers[format].partsAhead(spec)) {
          await needs.writerNeeds.derive(part)
          count += 1
        }
      }
    }
    if (releases.some(isInImages) && release !== undefined) {
      await imageFor(needs, release.version)
      count += 1
    }
  } catch (error) {
    // Best effort: the order that needs it tries again, and says why where a person looks.
    const facts = { version: release?.version, platform: release?.target.platform }
    needs.log.error({ ...facts, chain: causeChain(error) }, 'a release could not be prepared')
    return
  }
  if (count === 0) return
  const ms = Math.round(needs.clock.monotonic() - startedAt)
  needs.log.info({ version: release?.version, ...release?.target, parts: count, ms }, 'prepared')
}
