/**
 * What the API of a cluster answers is others' to write: operators put into annotations, labels and
 * messages what they like. Twenty thousand answers with something exchanged are read or refused,
 * and what is read leads to a move that can be decided.
 */
import { expect, it } from 'vitest'
import { Chance } from '../../../test/fuzz/chance.ts'
import { utf8 } from '../../base/bytes.ts'
import { parseJson } from '../json-file.ts'
import { ATTEMPT_ANNOTATION, type ClusterAttempt } from './attempt.ts'
import { daemonSetObject, daemonSetOf } from './daemon-set.ts'
import { nextMove } from './next-move.ts'
import { lookAtPods, podList } from './pods.ts'

const CASES = 20_000
const OLD = `registry.test/agent@sha256:${'1'.repeat(64)}`
const NEW = `registry.test/agent@sha256:${'2'.repeat(64)}`
const SELF = 'e'.repeat(32)

const ATTEMPT: ClusterAttempt = {
  schema: 1,
  attempt_id: 'a'.repeat(32),
  version: '1.0.0.2',
  image: NEW,
  previous_image: OLD,
  ready_before: 3,
  deadline_at: 1_000_000,
  phase: 'rolling',
  reason: null,
  message: null,
  holder: SELF,
  beat: 4,
}

const daemonSet = () => ({
  metadata: { uid: 'u', resourceVersion: '7', generation: 2, annotations: annotations() },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: { spec: { containers: [{ name: 'agent', image: NEW }], initContainers: [] } },
  },
  status: {
    observedGeneration: 2,
    desiredNumberScheduled: 3,
    updatedNumberScheduled: 1,
    numberReady: 3,
  },
})
const annotations = () => ({ [ATTEMPT_ANNOTATION]: JSON.stringify(ATTEMPT) })

const pods = () => ({
  metadata: { continue: '' },
  items: [
    {
      metadata: { name: 'agent-1' },
      spec: { nodeName: 'node-a', containers: [{ name: 'agent', image: NEW }] },
      status: {
        conditions: [{ type: 'Ready', status: 'False' }],
        containerStatuses: [
          { name: 'agent', ready: false, state: { waiting: { reason: 'ImagePullBackOff' } } },
        ],
      },
    },
  ],
})

const STRANGE = [
  ...[null, true, -1, 1.5, 2 ** 60, '', 'x'.repeat(20_000), '\u0000', '\ud800', '__proto__'],
  ...[[], {}, [[]], [null], { __proto__: null }, { message: {} }, '{"schema":1}', 'rolling'],
]

/** A text of JSON with one value exchanged, or a few characters of it. */
function changed(object: unknown, chance: Chance): string {
  const text = JSON.stringify(object)
  if (chance.is(0.3)) {
    const at = chance.below(text.length)
    return `${text.slice(0, at)}${chance.of(['"', '{', ']', '9', '\\', ''])}${text.slice(at + 1)}`
  }
  const places: { readonly of: Record<string, unknown>; readonly key: string }[] = []
  const copy: unknown = JSON.parse(
    text,
    function collect(this: Record<string, unknown>, key, value) {
      places.push({ of: this, key })
      return value
    },
  )
  const place = chance.of(places)
  place.of[place.key] = chance.of(STRANGE)
  return JSON.stringify(copy)
}

it('daemon sets', () => {
  const chance = new Chance(1)
  const kinds = new Map<string, number>()
  for (let count = 0; count < CASES; count += 1) {
    const attempt = chance.is(0.5)
      ? annotations()
      : { [ATTEMPT_ANNOTATION]: changed(ATTEMPT, chance) }
    const whole = daemonSet()
    const object = { ...whole, metadata: { ...whole.metadata, annotations: attempt } }
    const read = parseJson(utf8(changed(object, chance)), daemonSetObject)
    const moves = read.ok ? decide(read.value) : 'refused'
    kinds.set(moves, (kinds.get(moves) ?? 0) + 1)
  }
  // Both ends of the table are reached, so that the cases say something.
  expect([...kinds.keys()].sort()).toEqual(
    expect.arrayContaining(['begin', 'beat', 'leave', 'refused', 'wait']),
  )
})

function decide(object: Parameters<typeof daemonSetOf>[0]): string {
  const wanted = { attempt_id: 'b'.repeat(32), version: '1.0.0.3', image: OLD }
  const move = nextMove({
    daemonSet: daemonSetOf(object, 'agent'),
    self: SELF,
    wanted: { ...wanted, readyWithinMs: 1000, startBefore: 1_000_000 },
    now: 500_000,
    monotonic: 500_000,
    beatSince: 499_000,
    beatenAt: 0,
    readySince: null,
    lost: 0,
    unready: null,
  })
  return move.kind === 'patch' ? move.why : move.kind
}

it('pods', () => {
  const chance = new Chance(2)
  let unready = 0
  let refused = 0
  for (let count = 0; count < CASES; count += 1) {
    const read = parseJson(utf8(changed(pods(), chance)), podList)
    if (!read.ok) refused += 1
    else unready += lookAtPods(read.value.items, { container: 'agent', image: NEW }).unready.length
  }
  expect(unready).toBeGreaterThan(0)
  expect(refused).toBeGreaterThan(0)
})
