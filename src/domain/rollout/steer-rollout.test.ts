import { describe, expect, it } from 'vitest'
import { MINUTE_MS, NOW, rollout, tally, wave } from './_pictures.ts'
import type { WaveTally } from './picture.ts'
import type { Rollout, RolloutState } from './rollout.ts'
import {
  decideCancelRollout,
  decideHaltWithdrawn,
  decidePause,
  decideResume,
  decideSkipWave,
  type Steered,
} from './steer-rollout.ts'

const LATER = NOW + MINUTE_MS
const steering = { message: 'the night is over', now: LATER }
const waves = [wave({ budget: 2 }), wave({ budget: 2 })]
const tallies = [tally({ failed: 2, troubled: 1 }), tally()]
const inState = (state: RolloutState) => rollout({ state, waves, soakSince: NOW, forgiven: [1, 0] })

type Deed = (before: Rollout) => Steered | 'rollout-over' | 'last-wave'
const refusable =
  (decide: (before: Rollout) => ReturnType<typeof decidePause>): Deed =>
  (before) => {
    const decided = decide(before)
    return decided.ok ? decided.value : decided.refusal.code
  }
const DEEDS: Readonly<Record<string, Deed>> = {
  pause: refusable((before) => decidePause(before, steering)),
  resume: refusable((before) => decideResume(before, tallies, steering)),
  skip: refusable((before) => decideSkipWave(before, steering)),
  cancel: (before) => decideCancelRollout(before, steering),
  withdraw: (before) => decideHaltWithdrawn(before, steering),
}

/** What each deed makes of each state; `same`: nothing. */
const MOVES: readonly [keyof typeof DEEDS, Readonly<Record<RolloutState, string>>][] = [
  [
    'pause',
    {
      ...{ scheduled: 'paused', running: 'paused', paused: 'same', halted: 'paused' },
      ...{ finished: 'rollout-over', cancelled: 'rollout-over' },
    },
  ],
  [
    'resume',
    {
      ...{ scheduled: 'same', running: 'same', paused: 'running', halted: 'running' },
      ...{ finished: 'rollout-over', cancelled: 'rollout-over' },
    },
  ],
  [
    'skip',
    {
      ...{ scheduled: 'scheduled', running: 'running', paused: 'paused', halted: 'halted' },
      ...{ finished: 'rollout-over', cancelled: 'rollout-over' },
    },
  ],
  [
    'cancel',
    {
      ...{ scheduled: 'cancelled', running: 'cancelled', paused: 'cancelled' },
      ...{ halted: 'cancelled', finished: 'same', cancelled: 'same' },
    },
  ],
  [
    'withdraw',
    {
      ...{ scheduled: 'halted', running: 'halted', paused: 'same', halted: 'halted' },
      ...{ finished: 'same', cancelled: 'same' },
    },
  ],
]
const rows = MOVES.flatMap(([deed, moves]) =>
  Object.entries(moves).map(([state, becomes]) => [deed, state as RolloutState, becomes] as const),
)

describe('a person steers a rollout', () => {
  it.each(rows)('%s while %s: %s', (deed, state, becomes) => {
    const before = inState(state)
    const done = DEEDS[deed]?.(before)
    if (becomes === 'rollout-over') return expect(done).toBe('rollout-over')
    if (becomes === 'same') return expect(done).toEqual({ rollout: before, takesBack: false })
    const generation = before.generation + 1
    const kept = { generation, changedAt: LATER, soakSince: null, message: steering.message }
    expect(done).toMatchObject({ rollout: { state: becomes, ...kept } })
  })

  it.each(['pause', 'withdraw'])('%s takes back what nobody took up', (deed) => {
    expect(DEEDS[deed]?.(inState('running'))).toMatchObject({ takesBack: true })
  })

  it.each(['resume', 'skip', 'cancel'])('%s does not', (deed) => {
    expect(DEEDS[deed]?.(inState('halted'))).toMatchObject({ takesBack: false })
  })

  it('to resume what was halted accepts what failed; to resume what was paused does not', () => {
    const resume = (state: RolloutState) => decideResume(inState(state), tallies, steering)
    expect(resume('halted')).toMatchObject({ value: { rollout: { forgiven: [3, 0] } } })
    expect(resume('paused')).toMatchObject({ value: { rollout: { forgiven: [1, 0] } } })
  })

  it('to resume what was paused accepts no more than what still is a failure', () => {
    const paused = { ...inState('paused'), forgiven: [9, 9] }
    const resumed = decideResume(paused, tallies, steering)
    expect(resumed).toMatchObject({ value: { rollout: { forgiven: [3, 0] } } })
  })

  it('to resume what halted at a wave without success begins the next one, if none is left', () => {
    const reason = 'wave-without-success'
    const resume = (first: Partial<WaveTally>) => {
      const halted = rollout({ waves, state: 'halted', reason })
      return decideResume(halted, [tally(first), tally({ waiting: 5 })], steering)
    }
    const goesOn = { value: { rollout: { state: 'running', currentWave: 1 } } }
    expect(resume({ endedOtherwise: 2 })).toMatchObject(goesOn)
    expect(resume({ failed: 1, waiting: 1 })).toMatchObject({
      value: { rollout: { currentWave: 0 } },
    })
  })

  it('to skip begins the next wave, and there is none behind the last', () => {
    const [first, last] = [rollout({ waves }), rollout({ waves, currentWave: 1 })]
    const skipped = decideSkipWave(first, steering)
    expect(skipped).toMatchObject({ value: { rollout: { currentWave: 1 } } })
    expect(decideSkipWave(last, steering)).toMatchObject({ refusal: { code: 'last-wave' } })
  })

  it('a withdrawal that was said already is not said again', () => {
    const { rollout: halted } = decideHaltWithdrawn(inState('running'), steering)
    expect(decideHaltWithdrawn(halted, steering).rollout).toBe(halted)
  })
})
