import { describe, expect, it } from 'vitest'
import { missingPrograms } from './needs.ts'
import { renderTally } from './summary-reporter.ts'

describe('missingPrograms', () => {
  it('names what is not on the path and nothing else', () => {
    expect(missingPrograms(['sh', 'no-such-program-anywhere'])).toEqual([
      'no-such-program-anywhere',
    ])
  })
})

describe('renderTally', () => {
  it('ends with the three counts on a line of their own', () => {
    const text = renderTally({ passed: 12, failed: 0, skipped: [] })
    expect(text.split('\n').at(-2)).toBe('12 passed, 0 failed, 0 skipped')
  })

  it('names each skipped test with its reason', () => {
    const skipped = [{ name: 'deb > installs', reason: 'needs dpkg' }]
    const text = renderTally({ passed: 1, failed: 2, skipped })
    expect(text).toContain('SKIPPED  deb > installs: needs dpkg\n')
    expect(text.endsWith('1 passed, 2 failed, 1 skipped\n')).toBe(true)
  })
})
