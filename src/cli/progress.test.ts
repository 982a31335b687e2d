import { describe, expect, it } from 'vitest'
import { ManualClock } from '../base/clock-manual.ts'
import { startLiveLines } from './live-lines.ts'
import { progressLine, startProgress } from './progress.ts'
import { Screen } from './testing/terminal.ts'

const MIB = 1024 ** 2

describe('progress', () => {
  it.each([
    [80, 'Uploading  [##########..........]  50%  10.0 MiB of 20.0 MiB'],
    [50, 'Uploading  [#####.....]  50%  10.0 MiB of 20.0 MiB'],
    [40, 'Uploading   50%  10.0 MiB of 20.0 MiB'],
    [20, 'Uploading   50%  10…'],
  ])('fits %i columns', (columns, line) => {
    const state = { label: 'Uploading', done: 10 * MIB, total: 20 * MIB, rate: null }
    const shown = progressLine(state, columns)
    expect(shown).toBe(line)
    expect(shown.length).toBeLessThanOrEqual(columns)
  })

  it('says how fast, and how long it takes', () => {
    const state = { label: 'L', done: 10 * MIB, total: 20 * MIB, rate: MIB }
    expect(progressLine(state, 100)).toContain('10.0 MiB of 20.0 MiB  1.0 MiB/s  10 s left')
  })

  it('draws on a terminal, not too often, and takes itself away', () => {
    const output = new Screen(60)
    const clock = new ManualClock(0)
    {
      using progress = startProgress({ output, clock }, 'Reading', 1000)
      progress.moveTo(0)
      progress.moveTo(10)
      clock.advance(100)
      progress.moveTo(500)
      progress.moveTo(1000)
    }
    const frames = output.text.split('\r\u001b[2K').map((frame) => /\d+%/.exec(frame)?.[0])
    expect(frames).toEqual([undefined, '0%', '50%', '100%', undefined])
  })

  it('writes nothing into a log', () => {
    const output = new Screen(null)
    using progress = startProgress({ output, clock: new ManualClock(0) }, 'Reading', 1000)
    progress.moveTo(1000)
    expect(output.text).toBe('')
  })
})

describe('live lines', () => {
  it('are drawn over the last ones, cut to the terminal', () => {
    const output = new Screen(10)
    const lines = startLiveLines(output)
    lines.draw(['one', 'a line that is too long'])
    lines.draw(['two'])
    lines.clear()
    expect(output.text).toBe(
      '\r\u001b[Jone\na line t…\n\u001b[2A\r\u001b[Jtwo\n\u001b[1A\r\u001b[J',
    )
  })

  it('never fill more than the window', () => {
    const output = new Screen(10)
    const lines = startLiveLines(output)
    lines.draw(Array.from({ length: 100 }, () => 'x'))
    lines.clear()
    expect(output.text.split('\n')).toHaveLength(24)
    expect(output.text.endsWith('\u001b[23A\r\u001b[J')).toBe(true)
  })
})
