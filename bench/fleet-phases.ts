/** What is done to the simulated fleet, one thing after the other, and the rows that tell of it. */
import { systemClock } from '../src/base/clock.ts'
import type { CrowdLook } from './fleet-crowd.ts'
import { describe, footprint, watchCpu } from './fleet-figures.ts'
import {
  cancelAll,
  type Fleet,
  type FleetOrder,
  lookAtAll,
  markAll,
  orderAll,
  PATIENCE_MS,
  reached,
  tally,
  toldWithin,
  untilAgents,
  untilEnded,
} from './fleet-orders.ts'
import type { KillableServer } from './killable-server.ts'
import { latencyAt } from './latencies.ts'
import { type Row, ratio } from './table.ts'

export type FleetBench = {
  readonly count: number
  readonly intervalS: number
  readonly server: KillableServer
  readonly crowds: Fleet['crowds'] & readonly AsyncDisposable[]
}

/** Of all agents, when the next thing is done to them: in the middle. */
const MIDDLE = 0.3

/** Agents come evenly from the first second on: this is for the server to get warm. */
const WARM_UP_S = 10

/** One interval of steady check-ins. */
export async function settle(bench: FleetBench): Promise<readonly Row[]> {
  const fleet = fleetOf(bench)
  await pause(WARM_UP_S)
  await markAll(fleet)
  const cpu = watchCpu(bench.server.process.pid)
  await pause(bench.intervalS)
  const look = await lookAtAll(fleet)
  const expected = bench.count / bench.intervalS
  const rate = sumOf(look.answered) / bench.intervalS
  return [
    {
      what: `${bench.count} agents, every ${bench.intervalS} s: check-ins a second`,
      ours: rate.toFixed(0),
      other: `asked: ${expected.toFixed(0)}`,
      ratio: ratio(rate, expected),
    },
    latencyRow('the same', look),
    await useRow(bench, 'the same', cpu),
  ]
}

/** An order for all, to its end. */
export async function deliver(bench: FleetBench, version: string): Promise<readonly Row[]> {
  const what = 'an order for all'
  const fleet = fleetOf(bench)
  await markAll(fleet)
  const cpu = watchCpu(bench.server.process.pid)
  const orderedAt = systemClock.now()
  const order = await orderAll(fleet, version)
  const told = await untilAgents(fleet, 'offeredAt', 1)
  await untilEnded(fleet, order, PATIENCE_MS)
  const endedS = (systemClock.now() - orderedAt) / 1000
  const look = await lookAtAll(fleet)
  return [
    {
      what: `${what}: the ${order.actionIds.length} calls`,
      ours: `${order.seconds.toFixed(1)} s`,
      other: '',
      ratio: '',
    },
    ...toldRows(bench, what, { told, order }),
    {
      what: `${what}: until every upgrade has succeeded`,
      ours: `${endedS.toFixed(1)} s`,
      other: `${(bench.count / endedS).toFixed(0)} upgrades a second`,
      ratio: '',
    },
    latencyRow(what, look),
    shedRow(what, look),
    await useRow(bench, what, cpu),
    await tallyRow(fleet, what, order),
  ]
}

/**
 * kill -9 of the server and its database in the middle of an order; an interval without a server,
 * so that each agent has missed it; and the end of the order.
 */
export async function disturb(bench: FleetBench, version: string): Promise<readonly Row[]> {
  const what = 'kill -9 in the middle of an order'
  const fleet = fleetOf(bench)
  await markAll(fleet)
  const order = await orderAll(fleet, version)
  await untilAgents(fleet, 'offeredAt', MIDDLE)
  await bench.server.kill()
  await pause(bench.intervalS)
  await markAll(fleet)
  const startedAt = systemClock.now()
  const readyS = await bench.server.start()
  const cpu = watchCpu(bench.server.process.pid)
  const back = await untilAgents(fleet, 'answeredAt', 1)
  await untilEnded(fleet, order, PATIENCE_MS)
  const look = await lookAtAll(fleet)
  const since = (at: number | undefined) => ((at ?? Number.NaN) - startedAt) / 1000
  const times = reached(back.answeredAt)
  const first = Math.floor(since(times[0]))
  const most = since(times[Math.ceil(times.length * 0.99) - 1])
  const all = since(times.at(-1))
  const rate = bench.count / bench.intervalS
  const steadyS = look.answered.findIndex((each) => each >= rate * 0.9)
  return [
    {
      what: `${what}: down for ${bench.intervalS} s, then until the server is ready`,
      ours: `${readyS.toFixed(1)} s`,
      other: `first agent answered after ${first} s`,
      ratio: '',
    },
    {
      what: `${what}: from the start until 90 % of the steady rate is answered again`,
      ours: `${steadyS} s`,
      other: `most in a second: ${Math.max(...look.answered)}`,
      ratio: '',
    },
    {
      what: `${what}: from the start until 99 % / all agents were answered`,
      ours: `${most.toFixed(1)} / ${all.toFixed(1)} s`,
      other: `interval: ${bench.intervalS} s`,
      ratio: ratio(all, bench.intervalS),
    },
    {
      what: `${what}: from the start until every upgrade has succeeded`,
      ours: `${((systemClock.now() - startedAt) / 1000).toFixed(1)} s`,
      other: '',
      ratio: '',
    },
    latencyRow(what, look),
    shedRow(what, look),
    await useRow(bench, what, cpu),
    await tallyRow(fleet, what, order),
  ]
}

export async function withdraw(bench: FleetBench, version: string): Promise<readonly Row[]> {
  const what = 'cancelled in the middle of an order'
  const fleet = fleetOf(bench)
  await markAll(fleet)
  const cpu = watchCpu(bench.server.process.pid)
  const order = await orderAll(fleet, version)
  await untilAgents(fleet, 'offeredAt', MIDDLE)
  const { switches } = await lookAtAll(fleet)
  const began = systemClock.now()
  await cancelAll(fleet, order)
  const askedS = (systemClock.now() - began) / 1000
  await untilEnded(fleet, order, PATIENCE_MS)
  const endedS = (systemClock.now() - began) / 1000
  const look = await lookAtAll(fleet)
  return [
    {
      what: `${what}: the ${order.actionIds.length} calls`,
      ours: `${askedS.toFixed(1)} s`,
      other: `offered by then: ${reached(look.offeredAt).length}`,
      ratio: '',
    },
    {
      what: `${what}: until every upgrade has ended`,
      ours: `${endedS.toFixed(1)} s`,
      other: `interval: ${bench.intervalS} s`,
      ratio: ratio(endedS, bench.intervalS),
    },
    {
      what: `${what}: switches behind the first call`,
      ours: `${look.switches - switches}`,
      other: `of ${bench.count} endpoints`,
      ratio: '',
    },
    shedRow(what, look),
    await useRow(bench, what, cpu),
    await tallyRow(fleet, what, order),
  ]
}

function fleetOf({ server, count, crowds }: FleetBench): Fleet {
  const { client } = server.process
  return { count, crowds, client, connection: () => server.connection() }
}

function toldRows(
  { intervalS }: FleetBench,
  what: string,
  { told, order }: { readonly told: CrowdLook; readonly order: FleetOrder },
): readonly Row[] {
  const waits = toldWithin(order, told)
  const most = (waits[Math.ceil(waits.length * 0.99) - 1] ?? Number.NaN) / 1000
  const all = (waits.at(-1) ?? Number.NaN) / 1000
  return [
    {
      what: `${what}: from its call's answer until 99 % / all agents have been told`,
      ours: `${most.toFixed(1)} / ${all.toFixed(1)} s`,
      other: `interval: ${intervalS} s`,
      ratio: ratio(all, intervalS),
    },
    {
      what: `${what}: the last 1 % of the agents, of the time`,
      ours: `${(((all - most) / all) * 100).toFixed(1)} %`,
      other: 'aim: 2 %',
      ratio: ratio((all - most) / all, 0.02),
    },
  ]
}

function latencyRow(what: string, { latencies, lateMs }: CrowdLook): Row {
  const at = (share: number) => latencyAt(latencies, share).toFixed(1)
  return {
    what: `${what}: time of a check-in, p50 / p95 / p99`,
    ours: `${at(0.5)} / ${at(0.95)} / ${at(0.99)} ms`,
    other: `agents late by ${lateMs.toFixed(0)} ms at most`,
    ratio: '',
  }
}

function shedRow(what: string, look: CrowdLook): Row {
  const { refused, unreachable } = look
  return {
    what: `${what}: told to come later (503), other refusals, no answer`,
    ours: `${sumOf(look.shed)}, ${refused}, ${unreachable}`,
    other: `answered: ${sumOf(look.answered)}`,
    ratio: '',
  }
}

async function useRow(
  { server }: FleetBench,
  what: string,
  cpu: ReturnType<typeof watchCpu>,
): Promise<Row> {
  const used = cpu()
  const print = await footprint(server.process.pid, await server.connection())
  const text = describe(used, print)
  return { what: `${what}: server + PostgreSQL`, ours: text, other: '', ratio: '' }
}

/** Nothing lost, nothing twice. */
async function tallyRow(fleet: Fleet, what: string, order: FleetOrder): Promise<Row> {
  const { states, again, toldTwice } = await tally(fleet, order)
  const { switchedTwice, versions } = await lookAtAll(fleet)
  const list = (counts: Readonly<Record<string, number>>) => {
    return Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  }
  return {
    what: `${what}: how the upgrades ended; what the agents run`,
    ours: `${list(states).join(', ')}; ${list(versions).join(', ')}`,
    other: `offered again ${again}, told twice ${toldTwice}, switched twice ${switchedTwice}`,
    ratio: '',
  }
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, each) => sum + each, 0)
}

async function pause(seconds: number): Promise<void> {
  await systemClock.sleep(seconds * 1000).done
}
