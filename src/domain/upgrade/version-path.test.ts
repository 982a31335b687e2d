import { describe, expect, it } from 'vitest'
import { digest, LINUX, NOW, sampleRelease, version } from '../_samples.ts'
import { NO_FLOORS } from '../release/floors.ts'
import type { Release } from '../release/release.ts'
import { STEPS_MAX, stepsTo } from './version-path.ts'

/** A release, reached from `floor` on. */
const release = (number: number, floor: number | null, given: Partial<Release> = {}) =>
  sampleRelease({
    version: version(`1.0.0.${number}`),
    manifestDigest: digest(`release ${number}`),
    floors: { ...NO_FLOORS, agentVersion: floor === null ? null : version(`1.0.0.${floor}`) },
    ...given,
  })

const at = (number: number, skipped: readonly number[] = []) => ({
  target: LINUX,
  osVersion: '12',
  kernel: '6.1.0',
  version: version(`1.0.0.${number}`),
  skipped: skipped.map((each) => digest(`release ${each}`)),
})

function way(from: ReturnType<typeof at>, to: Release, catalogue: readonly Release[]) {
  const found = stepsTo(from, to, catalogue)
  return typeof found === 'string'
    ? found
    : found.map((step) => step.version.slice('1.0.0.'.length))
}

describe('the way to a version', () => {
  const old = { floors: { ...NO_FLOORS, osVersion: '13', agentVersion: null } }
  const arm = { target: { ...LINUX, arch: 'arm64' } } as const
  const rows: readonly [string, Release, readonly Release[], string | readonly string[]][] = [
    ['is one step, where there is no floor', release(9, null), [], ['9']],
    ['is one step, from the floor on', release(9, 1), [], ['9']],
    ['goes through another, from below it', release(9, 5), [release(5, null)], ['5', '9']],
    [
      'goes through the newest there is',
      release(9, 5),
      [release(5, null), release(7, null), release(6, null)],
      ['7', '9'],
    ],
    [
      'minds the floors of what it goes through',
      release(9, 5),
      [release(7, 4), release(5, null)],
      ['5', '9'],
    ],
    [
      'takes as few steps as there can be',
      release(9, 5),
      [release(8, 4), release(4, 1), release(6, null)],
      ['6', '9'],
    ],
    ['takes three', release(9, 7), [release(7, 4), release(4, null)], ['4', '7', '9']],
    [
      'takes four',
      release(9, 7),
      [release(7, 5), release(5, 3), release(3, null)],
      ['3', '5', '7', '9'],
    ],
    [
      'takes no more',
      release(9, 8),
      [release(8, 6), release(6, 4), release(4, 3), release(3, null)],
      'agent-below-floor',
    ],
    ['is none, where nothing is between', release(9, 5), [], 'agent-below-floor'],
    ['is none through older versions', release(9, 5), [release(0, null)], 'agent-below-floor'],
    ['is none through newer ones', release(9, 5), [release(10, null)], 'agent-below-floor'],
    [
      'is none through what was withdrawn',
      release(9, 5),
      [release(5, null, { withdrawnAt: NOW })],
      'agent-below-floor',
    ],
    [
      'is none through what is for others',
      release(9, 5),
      [release(5, null, arm)],
      'agent-below-floor',
    ],
    [
      'is none through what its system is too old for',
      release(9, 5),
      [release(5, null, old)],
      'agent-below-floor',
    ],
    [
      'is none, whatever is between, where the system is too old for the version itself',
      release(9, null, old),
      [release(5, null)],
      'os-below-floor',
    ],
  ]
  it.each(rows)('%s', (_name, to, catalogue, expected) => {
    expect(way(at(1), to, catalogue)).toEqual(expected)
  })

  it('does not go through what failed there', () => {
    const catalogue = [release(7, null), release(5, null)]
    expect(way(at(1, [7]), release(9, 5), catalogue)).toEqual(['5', '9'])
    expect(way(at(1, [7, 5]), release(9, 5), catalogue)).toBe('agent-below-floor')
  })

  it('leaves the catalogue in its order', () => {
    const catalogue = [release(5, null), release(7, null)]
    way(at(1), release(9, 5), catalogue)
    expect(catalogue.map((each) => each.version)).toEqual(['1.0.0.5', '1.0.0.7'])
    expect(STEPS_MAX).toBe(4)
  })
})
