import { describe, expect, it } from 'vitest'
import { wrapComments } from './wrap-comments.ts'

const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ')
const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))

describe('wrapComments', () => {
  it('wraps a paragraph with a line that is too wide, keeping its words', () => {
    const before = `/**\n * ${words(25)}\n * tail.\n */\ncode()`
    const after = wrapComments(before)
    expect(widest(after)).toBeLessThanOrEqual(100)
    expect(after.replace(/[\s*]+/g, ' ')).toBe(before.replace(/[\s*]+/g, ' '))
  })

  it('opens a one-line block that is too wide', () => {
    const after = wrapComments(`  /** ${words(25)} */`)
    expect(after.split('\n').slice(0, 1)).toEqual(['  /**'])
    expect(widest(after)).toBeLessThanOrEqual(100)
  })

  it('wraps line comments with their indent', () => {
    const after = wrapComments(`    // ${words(25)}`)
    expect(after.split('\n').every((line) => line.startsWith('    // word'))).toBe(true)
  })

  it('keeps the indent of a list item and hangs what follows', () => {
    const after = wrapComments(` *   - ${words(25)}`).split('\n')
    expect(after.map((line) => line.slice(0, 7))).toEqual([' *   - ', ' *     '])
  })

  it.each([
    ['wide tables', ` * | ${words(25)} |`],
    ['narrow comments', '// a\n// b'],
    ['code, however wide', `call('${'x'.repeat(120)}')`],
    ['blank lines between paragraphs', '/**\n * a\n *\n * b\n */'],
    ['lists with narrow items', '/**\n * a:\n *   - b\n *   - c\n */'],
  ])('leaves %s alone', (_what, text) => {
    expect(wrapComments(text)).toBe(text)
  })

  it('wraps twice as it wraps once', () => {
    const once = wrapComments(`/**\n * ${words(60)}\n *\n *   - ${words(40)}\n */`)
    expect(wrapComments(once)).toBe(once)
  })
})
