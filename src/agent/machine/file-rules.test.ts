import { describe, expect, it } from 'vitest'
import { FILE_RULES_OF, patiently } from './file-rules.ts'

function failing(times: number, code: string) {
  let calls = 0
  const act = () => {
    calls += 1
    if (calls <= times) throw Object.assign(new Error(code), { code })
  }
  return { act, calls: () => calls }
}

describe('a file that a scanner has open for a moment', () => {
  const { windows, linux } = FILE_RULES_OF

  it('is waited for on Windows, and not for ever', () => {
    const pauses: number[] = []
    const busy = failing(3, 'EPERM')
    patiently(windows, busy.act, (ms) => pauses.push(ms))
    expect(busy.calls()).toBe(4)
    expect(pauses).toHaveLength(3)
    const stuck = failing(1000, 'EBUSY')
    expect(() => patiently(windows, stuck.act, () => {})).toThrow('EBUSY')
    expect(stuck.calls()).toBe(10)
  })

  it.each([
    ['another error on Windows', windows, 'ENOSPC'],
    ['the same error on Linux', linux, 'EPERM'],
  ])('%s is the caller’s at once', (_, rules, code) => {
    const act = failing(1, code)
    expect(() => patiently(rules, act.act, () => expect.unreachable())).toThrow(code)
    expect(act.calls()).toBe(1)
  })
})
