import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { stretchAt } from '../src/base/zone.ts'
import { Chance } from '../test/fuzz/chance.ts'
import { needs } from '../test/needs.ts'
import {
  type Case,
  caseAnywhere,
  caseAround,
  caseOfYear,
  disagreements,
  questionOf,
} from './window-oracle-cases.ts'
import { startOracle } from './window-oracle-python.ts'

/** Changes of clocks that are history, so that the version of the zone data does not matter. */
const CHANGES: readonly [string, string][] = [
  ['Europe/Berlin', '2024-03-31T01:00Z'],
  ['Europe/Berlin', '2024-10-27T01:00Z'],
  ['Europe/Dublin', '2023-10-29T01:00Z'],
  ['America/New_York', '2022-11-06T06:00Z'],
  ['Australia/Lord_Howe', '2022-04-02T15:00Z'],
  ['Australia/Lord_Howe', '2022-10-01T15:30Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  ['Africa/Casablanca', '2021-04-11T02:00Z'],
  ['Africa/Cairo', '2014-06-26T21:00Z'],
  ['Asia/Beirut', '2022-03-26T22:00Z'],
  ['America/Havana', '2022-11-06T05:00Z'],
  ['America/Asuncion', '2021-10-03T04:00Z'],
  ['Asia/Pyongyang', '2015-08-14T15:00Z'],
  ['Antarctica/Troll', '2022-03-27T01:00Z'],
]
const YEARS = [2000, 2020] as const

function casesOf(chance: Chance): readonly Case[] {
  const around = CHANGES.map(([zone, time]) => {
    const at = Date.parse(time)
    const beforeMs = stretchAt(zone, at - 1)?.offsetMs ?? 0
    const afterMs = stretchAt(zone, at)?.offsetMs ?? 0
    expect(afterMs, zone).not.toBe(beforeMs)
    return caseAround(chance, { zone, at, beforeMs, afterMs })
  })
  const anywhere = CHANGES.map(([zone]) => caseAnywhere(chance, zone, YEARS))
  return [...around, ...anywhere, caseOfYear(chance, 'America/Santiago', YEARS)]
}

function hasPythonZones(): boolean {
  if (!needs('python3')) return false
  const load = 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Berlin")'
  const isThere = spawnSync('python3', ['-c', load], { stdio: 'ignore' }).status === 0
  // Told as `needs` tells of programs.
  if (!isThere) console.warn('skipped: tzdata is missing')
  return isThere
}

describe.skipIf(!hasPythonZones())('windows, and an oracle that looks at every minute', () => {
  it('agree around changes of clocks, at random instants, and about closed days', async () => {
    await using oracle = startOracle()
    let points = 0
    for (const asked of casesOf(new Chance(5))) {
      const runs = await oracle.ask(questionOf(asked))
      expect(disagreements(asked, runs)).toEqual([])
      points += asked.points.length * asked.windows.length
    }
    expect(points).toBeGreaterThan(10_000)
  })

  it('would be found to disagree: each answer is compared', async () => {
    await using oracle = startOracle()
    const [asked] = casesOf(new Chance(5))
    if (asked === undefined) throw new Error('no case')
    const later = { ...asked, first: asked.first + 1 }
    const runs = await oracle.ask(questionOf(later))
    const shifted = runs.map((each) => each.map(([minute, state]) => [minute - 1, state] as const))
    expect(disagreements(asked, shifted).length).toBeGreaterThan(100)
  })
})
