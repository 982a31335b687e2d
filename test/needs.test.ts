import { afterEach, describe, expect, it, vi } from 'vitest'
import { missingPrograms, needs } from './needs.ts'

describe('missingPrograms', () => {
  it('names what is not on the path and nothing else', () => {
    expect(missingPrograms(['sh', 'no-such-program'])).toEqual(['no-such-program'])
  })
})

describe('needs', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is true where everything is there, and says nothing', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(needs('sh', 'ls')).toBe(true)
    expect(warn).not.toHaveBeenCalled()
  })

  it('is false where anything is missing, and says what', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(needs('sh', 'no-such-program')).toBe(false)
    expect(warn.mock.calls).toEqual([['skipped: no-such-program is missing']])
  })
})
