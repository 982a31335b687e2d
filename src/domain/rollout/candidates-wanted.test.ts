import { describe, expect, it } from 'vitest'
import { fleet, NOW, picture, rollout, tally, wave } from './_pictures.ts'
import { candidatesWanted } from './candidates-wanted.ts'
import type { RolloutPicture } from './picture.ts'

const at = { calendar: fleet([]).calendar, now: NOW }

const waiting = (count: number, budget: number | null = null): RolloutPicture =>
  picture({
    rollout: rollout({ waves: [wave({ budget })] }),
    tallies: [tally({ waiting: count, waitingConnected: count })],
  })

const mostOf = (pictures: readonly RolloutPicture[], free: number) =>
  candidatesWanted(pictures, free, at).map(({ waves }) => waves.map(({ most }) => most))

describe('whom a tick asks for', () => {
  it('is nobody where there is no berth, nobody there, or all is closed', () => {
    expect(mostOf([waiting(5)], 0)).toEqual([])
    expect(mostOf([waiting(0)], 5)).toEqual([])
    expect(mostOf([{ ...waiting(5), zones: [] }], 5)).toEqual([])
    expect(mostOf([{ ...waiting(5), rollout: rollout({ state: 'paused' }) }], 5)).toEqual([])
  })

  it('is no more of a wave than may be put at stake', () => {
    expect(mostOf([waiting(5_000, 3)], 500)).toEqual([[3]])
  })

  it('leaves room for a wave behind one that is held up by its budget', () => {
    const waves = [wave({ budget: 1 }), wave({ name: 'rest' })]
    const tallies = [tally({ waitingConnected: 900 }), tally({ waitingConnected: 900 })]
    const skipped = picture({ rollout: rollout({ waves, currentWave: 1 }), tallies })
    expect(mostOf([skipped], 100)).toEqual([[1, 100]])
  })

  it('is of a hundred rollouts little more than the berths there are', () => {
    const many = Array.from({ length: 100 }, () => waiting(5_000))
    const asked = mostOf(many, 1_000).flat()
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(10)
    expect(asked.reduce((sum, most) => sum + most, 0)).toBeLessThanOrEqual(2 * 1_000 + 100 * 8)
  })

  it('is enough of each to use what others leave', () => {
    expect(mostOf([waiting(5), waiting(5_000)], 1)).toEqual([[1], [1]])
  })
})
