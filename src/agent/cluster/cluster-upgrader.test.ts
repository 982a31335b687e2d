/**
 * The real code of several agents against a strict imitation of their cluster's API: rollouts that
 * work, that do not, and everything that may die on the way. An agent lives in a pod: when that is
 * replaced, so is the agent, and nothing of its memory is left.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { silentLog } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { AttemptReport } from '../../contract/agent/check-in.ts'
import { momentOf } from '../moment.ts'
import { type Behaviour, FakeCluster, NAMESPACE, TOKEN } from '../testing/fake-cluster.ts'
import { ClusterUpgrader } from './cluster-upgrader.ts'
import type { Pod } from './pod.ts'

const START = Date.parse('2026-11-23T03:00:00Z')
const OLD = `registry.test/drydock/agent@sha256:${'1'.repeat(64)}`
const NEW = `registry.test/drydock/agent@sha256:${'2'.repeat(64)}`
const ATTEMPT = 'a'.repeat(32)
const STEP_MS = 10_000

let folder: string
let clock: ManualClock
let cluster: FakeCluster
const agents = new Map<string, ClusterUpgrader>()
const dueAt = new Map<string, number>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-cluster-'))
  writeFileSync(join(folder, 'token'), `${TOKEN}\n`)
  clock = new ManualClock(START)
  state = 1
})
afterEach(async () => {
  agents.clear()
  dueAt.clear()
  await cluster[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** The same chances for every test, each time (Park and Miller's generator). */
let state = 1
const chance: Random = {
  bytes: (length) => new Uint8Array(length),
  fraction() {
    state = (state * 48_271) % 0x7fff_ffff
    return state / 0x7fff_ffff
  },
}

async function start(nodes: readonly string[]): Promise<void> {
  cluster = await FakeCluster.start(nodes, OLD)
  cluster.onPod = ({ node }, what) => {
    // The agent of a node is that of the pod which holds the lock: the old one until it ends.
    if (what === 'ended') agents.set(node, agentOn(node))
  }
  for (const node of nodes) agents.set(node, agentOn(node))
}

const endpointOf = (node: string) => node.charCodeAt(0).toString(16).padStart(32, '0')

function agentOn(nodeName: string): ClusterUpgrader {
  const names = { namespace: NAMESPACE, daemon_set: 'drydock-agent', container: 'agent' }
  const pod: Pod = {
    file: { schema: 1, cluster_name: 'eu-1', ...names },
    nodeName,
    apiUrl: cluster.url,
    tokenPath: join(folder, 'token'),
    certificatesPath: join(folder, 'ca.crt'),
  }
  dueAt.set(nodeName, 0)
  const endpointId = () => endpointOf(nodeName)
  const ours = { pod, fetch, clock, random: chance, log: silentLog, endpointId }
  return new ClusterUpgrader({ ...ours, onNews: () => dueAt.set(nodeName, 0) })
}

function offer(node: string, given: { startWithinS?: number; readyWithinS?: number } = {}): void {
  dueAt.set(node, 0)
  const instruction = {
    kind: 'upgrade-cluster',
    attempt_id: ATTEMPT,
    version: '1.0.0.2',
    image: NEW,
    start_within_s: given.startWithinS ?? 3600,
    ready_within_s: given.readyWithinS ?? 1800,
  } as const
  agents.get(node)?.take(instruction, momentOf(clock))
}

/** Time goes on: the controller acts, and every agent that is due takes its turn. */
async function pass(seconds: number): Promise<void> {
  for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
    cluster.reconcile()
    for (const [node, agent] of [...agents]) {
      if (cluster.deadNodes.has(node) || clock.monotonic() < (dueAt.get(node) ?? 0)) continue
      const waitMs = await agent.turn()
      dueAt.set(node, clock.monotonic() + waitMs)
    }
    clock.advance(STEP_MS)
  }
}

const reportOf = (node: string): AttemptReport | null => agents.get(node)?.report() ?? null
const ends = (image: string) => cluster.seen.filter((each) => each.includes(image)).length

describe('a rollout that works', () => {
  it('moves every pod, replaces who does it, and is reported by who comes after it', async () => {
    await start(['a', 'b', 'c'])
    const first = agents.get('a')
    offer('a')
    await pass(180)
    expect(cluster.pods.map(({ image }) => image)).toEqual([NEW, NEW, NEW])
    expect(cluster.images).toEqual({ agent: NEW, state: NEW })
    expect(agents.get('a')).not.toBe(first)
    expect(reportOf('a')).toMatchObject({ attempt_id: ATTEMPT, phase: 'succeeded', percent: 100 })
    expect(reportOf('b')).toBeNull()
    agents.get('a')?.acknowledge(ATTEMPT)
    expect(reportOf('a')).toBeNull()
  })

  it('tells how far it is', async () => {
    await start(['a', 'b', 'c'])
    offer('c')
    await pass(20)
    expect(reportOf('c')).toMatchObject({ phase: 'switching', percent: 0 })
    expect(reportOf('c')?.message).toMatch(/^0 of 3 nodes/)
  })

  it('on one node, too', async () => {
    await start(['a'])
    offer('a')
    await pass(120)
    expect(cluster.pods.map(({ image }) => image)).toEqual([NEW])
    expect(reportOf('a')).toMatchObject({ phase: 'succeeded' })
  })

  it('does not wait for a node that was off before, nor for one that goes off meanwhile', async () => {
    await start(['a', 'b', 'c'])
    cluster.maxSurge = 2
    cluster.deadNodes.add('c')
    offer('a')
    await pass(10)
    expect(cluster.attempt).toMatchObject({ ready_before: 2 })
    await pass(120)
    expect(reportOf('a')).toMatchObject({ phase: 'succeeded' })
  })
})

describe('a rollout that does not', () => {
  it.each<[Behaviour, number, RegExp]>([
    ['ImagePullBackOff', 200, /pod drydock-agent-\d+ on a: ImagePullBackOff: back-off of/],
    ['CrashLoopBackOff', 200, /CrashLoopBackOff/],
    ['not-ready', 400, /runs and is not ready/],
    ['turns-bad', 500, /runs and is not ready/],
    ['seems-ready', 500, /runs and is not ready/],
  ])('goes back: %s', async (behaviour, seconds, message) => {
    await start(['a', 'b', 'c'])
    cluster.behaviour = ({ image }) => (image === NEW ? behaviour : 'ready')
    offer('a')
    await pass(seconds)
    expect(cluster.images).toEqual({ agent: OLD, state: OLD })
    expect(reportOf('a')).toMatchObject({ phase: 'rolled-back', reason: 'rollout-not-ready' })
    expect(reportOf('a')?.message).toMatch(message)
    await pass(120)
    expect(cluster.pods.map(({ image }) => image)).toEqual([OLD, OLD, OLD])
    expect(cluster.pods.every((pod) => cluster.isReady(pod))).toBe(true)
  })

  it.each(['ImagePullBackOff', 'turns-bad', 'seems-ready'] as const)(
    'on one node: %s',
    async (behaviour) => {
      await start(['a'])
      cluster.behaviour = ({ image }) => (image === NEW ? behaviour : 'ready')
      offer('a')
      await pass(500)
      expect(cluster.pods.map(({ image }) => image)).toEqual([OLD])
      expect(reportOf('a')).toMatchObject({ phase: 'rolled-back' })
    },
  )

  it('stops a version that fails on each node before it is on many of them', async () => {
    const nodes = [...'abcdefghijklmnopqrstuvwxyz']
    await start(nodes)
    let moved = 0
    cluster.behaviour = ({ image }) => {
      if (image === NEW) moved += 1
      return image === NEW ? 'turns-bad' : 'ready'
    }
    // A node each ten seconds here, which is faster than real ones pull an image.
    offer('z')
    await pass(150)
    expect(reportOf('z')).toMatchObject({ phase: 'rolled-back' })
    expect(cluster.images.agent).toBe(OLD)
    expect(moved).toBeLessThan(nodes.length / 2)
  })

  it('ends with its deadline when the pods say nothing at all', async () => {
    await start(['a', 'b'])
    cluster.behaviour = ({ image }) => (image === NEW ? 'no-status' : 'ready')
    offer('a', { readyWithinS: 900 })
    await pass(880)
    expect(cluster.images.agent).toBe(NEW)
    await pass(60)
    expect(cluster.images.agent).toBe(OLD)
    expect(reportOf('a')?.message).toBe('in time 0 of 2 nodes had the new pod, and 2 were ready')
  })

  it('ends so, too, when a node that is off holds up all others: Kubernetes counts its pod', async () => {
    await start(['a', 'b', 'c'])
    cluster.deadNodes.add('c')
    offer('a', { readyWithinS: 900 })
    await pass(960)
    expect(cluster.images.agent).toBe(OLD)
    expect(reportOf('a')?.message).toMatch(/^in time \d of 3 nodes had the new pod/)
  })

  it('is left alone when somebody else sets an image', async () => {
    await start(['a', 'b'])
    cluster.behaviour = ({ image }) => (image === NEW ? 'not-ready' : 'ready')
    offer('a')
    await pass(30)
    cluster.setImage('registry.test/theirs:1')
    await pass(30)
    expect(reportOf('a')).toMatchObject({ phase: 'failed', reason: 'image-changed-elsewhere' })
    expect(cluster.images.agent).toBe('registry.test/theirs:1')
  })
})

describe('what may die', () => {
  it('the holder: another takes over after two minutes, once, and ends it', async () => {
    await start(['a', 'b', 'c', 'd'])
    cluster.behaviour = ({ image }) => (image === NEW ? 'ImagePullBackOff' : 'ready')
    offer('d')
    await pass(20)
    cluster.deadNodes.add('d')
    // The others look every ten minutes, more or less, and then wait for a sign of it.
    await pass(1500)
    expect(cluster.images.agent).toBe(OLD)
    expect(cluster.attempt).toMatchObject({ phase: 'rolled-back', attempt_id: ATTEMPT })
    expect(cluster.attempt?.holder).not.toBe(endpointOf('d'))
    expect(ends('200 rolled-back')).toBe(1)
  })

  it('a holder between its patch and its report: the next pod of its node reports', async () => {
    await start(['a', 'b'])
    offer('a')
    await pass(10)
    agents.set('a', agentOn('a'))
    expect(reportOf('a')).toBeNull()
    await pass(120)
    expect(reportOf('a')).toMatchObject({ phase: 'succeeded' })
  })

  it('the reply to the patch: nothing is done twice', async () => {
    await start(['a', 'b'])
    cluster.losesReply = true
    offer('a')
    await pass(120)
    expect(reportOf('a')).toMatchObject({ phase: 'succeeded' })
    expect(ends('200 rolling')).toBeLessThanOrEqual(4)
    expect(ends('200 succeeded')).toBe(1)
  })

  it('the API: nothing is decided meanwhile, and it ends afterwards', async () => {
    await start(['a', 'b'])
    offer('a')
    await pass(10)
    cluster.isDown = true
    await pass(600)
    cluster.isDown = false
    // Whoever watches does so once a minute, and all have to stay ready for a while.
    await pass(240)
    expect(reportOf('a')).toMatchObject({ phase: 'succeeded' })
  })

  it('the only holder and its node, for longer than the deadline: who comes back ends it', async () => {
    await start(['a'])
    cluster.behaviour = ({ image }) => (image === NEW ? 'not-ready' : 'ready')
    offer('a', { readyWithinS: 600 })
    await pass(10)
    cluster.deadNodes.add('a')
    await pass(1200)
    cluster.deadNodes.delete('a')
    agents.set('a', agentOn('a'))
    await pass(60)
    expect(cluster.images.agent).toBe(OLD)
    expect(reportOf('a')).toMatchObject({ phase: 'rolled-back' })
  })
})

describe('two at once', () => {
  it('were told the same attempt: one moves the image, both report how it ends', async () => {
    await start(['a', 'b', 'c'])
    offer('a')
    offer('b')
    await Promise.all([agents.get('a')?.turn(), agents.get('b')?.turn()])
    expect(ends('PATCH 409')).toBeLessThanOrEqual(1)
    await pass(180)
    expect(ends('200 succeeded')).toBe(1)
    expect(cluster.attempt).toMatchObject({ phase: 'succeeded' })
    const told = ['a', 'b'].filter((node) => reportOf(node)?.phase === 'succeeded')
    expect(told).toContain(cluster.attempt?.holder === endpointOf('a') ? 'a' : 'b')
  })

  it('want different versions: the second waits until the first has ended', async () => {
    await start(['a', 'b'])
    cluster.behaviour = ({ image }) => (image === NEW ? 'not-ready' : 'ready')
    offer('a')
    await pass(20)
    const other = {
      kind: 'upgrade-cluster',
      attempt_id: 'b'.repeat(32),
      version: '1.0.0.3',
    } as const
    const image = `registry.test/drydock/agent@sha256:${'3'.repeat(64)}`
    const limits = { start_within_s: 7200, ready_within_s: 900 }
    agents.get('b')?.take({ ...other, image, ...limits }, momentOf(clock))
    await pass(60)
    expect(cluster.images.agent).toBe(NEW)
    await pass(600)
    expect(cluster.images.agent).toBe(image)
  })
})

describe('what may not be done', () => {
  it('without the right: it says so in its facts, and as the end of an attempt', async () => {
    await start(['a'])
    cluster.granted = false
    await pass(10)
    expect(agents.get('a')?.facts()).toMatchObject({ uid: '', may_upgrade: false })
    offer('a')
    await pass(20)
    expect(reportOf('a')).toMatchObject({ phase: 'failed', reason: 'cluster-upgrade-not-granted' })
    agents.get('a')?.acknowledge(ATTEMPT)
    expect(reportOf('a')).toBeNull()
    cluster.granted = true
    await pass(900)
    expect(agents.get('a')?.facts().may_upgrade).toBe(true)
    expect(agents.get('a')?.facts().uid).not.toBe('')
  })

  it('after the offer is over, or was cancelled', async () => {
    await start(['a', 'b'])
    await pass(10)
    cluster.isDown = true
    offer('a', { startWithinS: 60 })
    offer('b')
    agents.get('b')?.take({ kind: 'cancel', attempt_id: ATTEMPT }, momentOf(clock))
    await pass(60)
    cluster.isDown = false
    await pass(60)
    expect(cluster.images.agent).toBe(OLD)
    expect([reportOf('a'), reportOf('b')]).toEqual([null, null])
  })

  it('cancelled behind the patch: it goes on', async () => {
    await start(['a', 'b'])
    offer('a')
    await pass(10)
    agents.get('a')?.take({ kind: 'cancel', attempt_id: ATTEMPT }, momentOf(clock))
    await pass(120)
    expect(reportOf('a')).toMatchObject({ phase: 'succeeded' })
  })

  it('whatever is written into the annotation by others is passed over', async () => {
    await start(['a'])
    cluster.annotations = { 'drydock-agent/upgrade': '{"schema":1,"phase":"rolling"}' }
    await pass(10)
    expect(reportOf('a')).toBeNull()
    offer('a')
    await pass(120)
    expect(reportOf('a')).toMatchObject({ phase: 'succeeded' })
  })
})
