/**
 * Which endpoint of an action goes in which wave. Decided once, when the action is ordered, so that
 * everybody can see it beforehand and no later tick can choose otherwise.
 *
 * The canary is chosen to meet what there is: first one endpoint for every platform, distribution
 * and tag, as few as cover them, then more of each kind in proportion. Among endpoints that are
 * alike those that are connected come first, then a lot decides, so that it is not always the same
 * ones. Waves by percent are drawn by the same lot.
 *
 * The endpoints of a cluster have one image and are always in one wave.
 */
import type { EndpointId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { budgetOf, type RolloutPolicy, sizeOf, type WaveRule } from './policy.ts'
import type { Wave } from './rollout.ts'

export type WaveMember = {
  readonly endpointId: EndpointId
  /** Platform and architecture. */
  readonly target: string
  readonly distributionId: string
  /** In any order; one may be named twice. */
  readonly tags: readonly string[]
  readonly isConnected: boolean
  /** Of its cluster; null: it moves alone. */
  readonly cluster: string | null
}

export type AssignedWaves = {
  /** At least one; none is empty. */
  readonly waves: readonly Wave[]
  readonly waveOf: ReadonlyMap<EndpointId, number>
}

/** Endpoints that move together; most often one. */
type Unit = { readonly members: readonly WaveMember[]; readonly lot: number }

export type AssignWavesRefusal = {
  /** Every endpoint is in a cluster with more endpoints than the canary may have. */
  readonly code: 'canary-below-cluster'
  readonly canary: number
  readonly smallest: number
}

/**
 * `salt` is another for each version, so that the lot falls differently, and the same for the same
 * order: what was tried is what happens.
 */
export function assignWaves(
  members: readonly WaveMember[],
  policy: RolloutPolicy,
  salt: string,
): Result<AssignedWaves, AssignWavesRefusal> {
  const { canary } = policy
  const isDrawn = canary !== null || policy.waves.length > 0
  // Where everybody is in one wave, no lot is drawn: they are as one.
  const units = isDrawn ? unitsOf(members, salt) : [{ members, lot: 0 }]
  const drawn: { readonly name: string; readonly units: readonly Unit[] }[] = []
  let rest: readonly Unit[] = units
  if (canary !== null) {
    const most = sizeOf(canary, members.length)
    const chosen = chooseCanary(rest, most)
    if (chosen.length === 0) {
      const smallest = Math.min(...units.map((unit) => unit.members.length))
      return refuse({ code: 'canary-below-cluster', canary: most, smallest })
    }
    drawn.push({ name: 'canary', units: chosen })
    rest = without(rest, chosen)
  }
  for (const rule of policy.waves) {
    const taken = takeWave(rest, rule, members.length)
    drawn.push({ name: nameOf(rule), units: taken })
    rest = without(rest, taken)
  }
  drawn.push({ name: drawn.length === 0 ? 'all' : 'rest', units: rest })
  return accept(wavesOf(drawn, policy))
}

function wavesOf(
  drawn: readonly { readonly name: string; readonly units: readonly Unit[] }[],
  policy: RolloutPolicy,
): AssignedWaves {
  const waveOf = new Map<EndpointId, number>()
  const waves: Wave[] = []
  for (const { name, units } of drawn) {
    const size = countOf(units)
    if (size === 0) continue
    for (const { members } of units) {
      for (const { endpointId } of members) waveOf.set(endpointId, waves.length)
    }
    waves.push({ name, size, budget: budgetOf(policy.failureBudget, size) })
  }
  return { waves, waveOf }
}

function nameOf(rule: WaveRule): string {
  return rule.kind === 'percent' ? `${rule.percent}%` : rule.tag
}

function takeWave(rest: readonly Unit[], rule: WaveRule, total: number): readonly Unit[] {
  if (rule.kind === 'tag') {
    return rest.filter(({ members }) => members.some(({ tags }) => tags.includes(rule.tag)))
  }
  const before = total - countOf(rest)
  const most = Math.floor((rule.percent * total) / 100) - before
  return fitting(rest, most)
}

/** As many as fit, in the order of their lots. */
function fitting(units: readonly Unit[], most: number): readonly Unit[] {
  const taken: Unit[] = []
  let left = most
  for (const unit of units) {
    if (left <= 0) break
    if (unit.members.length > left) continue
    taken.push(unit)
    left -= unit.members.length
  }
  return taken
}

function unitsOf(members: readonly WaveMember[], salt: string): readonly Unit[] {
  const groups = Map.groupBy(members, (member) => member.cluster ?? member.endpointId)
  const units = [...groups].map(([key, group]) => ({ members: group, lot: lotOf(key, salt) }))
  return units.sort((left, right) => left.lot - right.lot)
}

function without(units: readonly Unit[], taken: readonly Unit[]): readonly Unit[] {
  const gone = new Set(taken)
  return units.filter((unit) => !gone.has(unit))
}

function countOf(units: readonly Unit[]): number {
  return units.reduce((sum, unit) => sum + unit.members.length, 0)
}

/** Units that are alike in everything that a canary is to meet. */
type Kind = {
  readonly features: readonly string[]
  /** Connected ones first, then by lot. */
  readonly units: Unit[]
  readonly size: number
  chosen: number
}

function chooseCanary(units: readonly Unit[], most: number): readonly Unit[] {
  const kinds = kindsOf(units.filter((unit) => unit.members.length <= most))
  const missing = new Set(kinds.flatMap((kind) => kind.features))
  const chosen: Unit[] = []
  let left = most
  while (left > 0) {
    const kind = mostWanted(kinds, missing, left)
    const unit = kind?.units.find((each) => each.members.length <= left)
    if (kind === undefined || unit === undefined) break
    kind.units.splice(kind.units.indexOf(unit), 1)
    kind.chosen += unit.members.length
    for (const feature of kind.features) missing.delete(feature)
    chosen.push(unit)
    left -= unit.members.length
  }
  return chosen
}

/** The kind that shows most of what is missing; of those, the one that is short of its share. */
function mostWanted(
  kinds: readonly Kind[],
  missing: ReadonlySet<string>,
  left: number,
): Kind | undefined {
  let best: { readonly kind: Kind; readonly shows: number; readonly share: number } | undefined
  for (const kind of kinds) {
    if (!kind.units.some((unit) => unit.members.length <= left)) continue
    const shows = kind.features.filter((feature) => missing.has(feature)).length
    const share = (kind.chosen + 1) / kind.size
    const isBetter = best === undefined || shows > best.shows
    if (isBetter || (shows === best?.shows && share < best.share)) best = { kind, shows, share }
  }
  return best?.kind
}

function kindsOf(units: readonly Unit[]): readonly Kind[] {
  const groups = Map.groupBy(units, (unit) => featuresOf(unit).join('\n'))
  return [...groups.values()].map((group) => ({
    features: group[0] === undefined ? [] : featuresOf(group[0]),
    units: group.toSorted((left, right) => Number(isAway(left)) - Number(isAway(right))),
    size: countOf(group),
    chosen: 0,
  }))
}

function isAway(unit: Unit): boolean {
  return unit.members.every((member) => !member.isConnected)
}

function featuresOf({ members }: Unit): readonly string[] {
  const features = members.flatMap(({ target, distributionId, tags }) => [
    `target ${target}`,
    `distribution ${distributionId}`,
    ...tags.map((tag) => `tag ${tag}`),
  ])
  return [...new Set(features)].sort()
}

/** FNV-1a over the id and the salt: no secret, only no order that anybody chose. */
function lotOf(key: string, salt: string): number {
  let hash = 0x811c9dc5
  for (const character of `${salt} ${key}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  }
  // What FNV leaves alike in its high bits is spread once more.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0
  return (hash ^ (hash >>> 13)) >>> 0
}
