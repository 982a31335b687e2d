import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitWords } from './words.ts'

describe('words', () => {
  it.each<[string, string, readonly string[]]>([
    ['blanks divide', '  bin/x   --flag\t1 ', ['bin/x', '--flag', '1']],
    ['single quotes keep everything', `a 'b "c" \\d'`, ['a', 'b "c" \\d']],
    ['double quotes keep blanks', 'a "b  c"', ['a', 'b  c']],
    ['a backslash in double quotes escapes four characters', '"\\" \\\\ \\$ \\n"', ['" \\ $ \\n']],
    ['a backslash outside escapes anything', 'a\\ b \\"', ['a b', '"']],
    ['pieces join', `--name='a b'"c"d`, ['--name=a bcd']],
    ['an empty pair is a word', `a ''`, ['a', '']],
    ['nothing is expanded', '$HOME *.txt ~ | > a;b', ['$HOME', '*.txt', '~', '|', '>', 'a;b']],
    ['nothing is no word', '   ', []],
  ])('%s', (_rule, line, words) => {
    expect(splitWords(line)).toEqual({ ok: true, value: words })
  })

  it.each([
    ['a single quote', `a 'b`, 'a single quote is never closed'],
    ['a double quote', 'a "b\\"', 'a double quote is never closed'],
    ['a backslash', 'a \\', 'a backslash at the end stands before nothing'],
  ])('refuses %s without its end', (_case, line, why) => {
    expect(splitWords(line)).toEqual({ ok: false, refusal: why })
  })

  it('are those of a shell, where a shell expands nothing', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', ' ', "'", '"', '\\', '-', '='), {
      maxLength: 14,
    })
    const property = fc.property(lines, (characters) => {
      const line = characters.join('')
      const split = splitWords(line)
      if (!split.ok) return
      const script = `set -- ${line}\n[ "$#" = 0 ] || printf '%s\\0' "$@"`
      const shell = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })
      expect(shell === '' ? [] : shell.split('\0').slice(0, -1)).toEqual(split.value)
    })
    fc.assert(property, { numRuns: 150 })
  })
})
