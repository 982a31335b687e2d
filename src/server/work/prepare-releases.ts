/**
 * Makes ahead what packages of a release will need and what takes time: compressing it once more as
 * one stream or a cabinet. Level-triggered: an order that comes before waits for the same making.
 */
import { causeChain, Fault } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import type { Release } from '../../domain/release/release.ts'
import { imagePartsAhead } from '../../pack/oci/image.ts'
import { FORMATS } from '../../pack/writer.ts'
import { writers } from '../../pack/writers.ts'
import { loadReleases } from '../../store/releases.ts'
import { type ImageNeeds, imageFor, isInImages } from '../registry/image-for.ts'
import type { Work } from './loop.ts'
import { loadReleaseSpecs, specsFor } from './release-specs.ts'

export type PreparingNeeds = ImageNeeds & {
  readonly log: Log
  readonly stopping: AbortSignal
}

/** Woken for what is published here; looks by itself for what other servers publish. */
const EVERY_MS = 60_000

export function preparingReleases(needs: PreparingNeeds): Work {
  const prepared = new Set<string>()
  return {
    name: 'preparing',
    everyMs: EVERY_MS,
    async perform() {
      const releases = await loadReleases(needs.database.read, {})
      const offered = releases.filter(({ withdrawnAt }) => withdrawnAt === null)
      const groups = Map.groupBy(offered, ({ version, target }) => `${target.platform} ${version}`)
      for (const group of groups.values()) {
        // Of all of them: without one of them, what is shared may come out otherwise.
        const name = group.map(({ manifestDigest }) => manifestDigest).join()
        if (prepared.has(name) || needs.stopping.aborted) continue
        if (await isPrepared(needs, group)) prepared.add(name)
      }
      return null
    },
  }
}

/**
 * All builds of a version for a platform: some formats take them together. False when trying again
 * may help.
 */
async function isPrepared(needs: PreparingNeeds, releases: readonly Release[]): Promise<boolean> {
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
    count += await prepareImage(needs, releases.filter(isInImages))
  } catch (error) {
    const mayPass = error instanceof Fault && error.retry === 'later'
    if (needs.stopping.aborted) return !mayPass
    // Best effort: the order that needs it tries again, and says why where a person looks.
    const facts = { version: release?.version, platform: release?.target.platform }
    needs.log.error({ ...facts, chain: causeChain(error) }, 'a release could not be prepared')
    return !mayPass
  }
  if (count === 0) return true
  const ms = Math.round(needs.clock.monotonic() - startedAt)
  needs.log.info({ version: release?.version, ...release?.target, parts: count, ms }, 'prepared')
  return true
}

/** How many parts it has. */
async function prepareImage(needs: PreparingNeeds, builds: readonly Release[]): Promise<number> {
  const [build] = builds
  if (build === undefined) return 0
  const bases = await needs.imageBases()
  const parts = builds.flatMap(({ target }) => imagePartsAhead(target, bases))
  for (const part of parts) await needs.writerNeeds.derive(part)
  await imageFor(needs, build.version)
  return parts.length + 1
}
