import { describe, expect, it } from 'vitest'
import { accept } from '../base/result.ts'
import { parseArguments } from './arguments.ts'
import { defineOwnCommand } from './command.ts'

const command = defineOwnCommand({
  name: 'paint',
  summary: 'Paint a wall',
  operands: [
    { name: 'WALL', help: 'which one', count: 'one' },
    { name: 'ROOM', help: 'where', count: 'optional' },
  ],
  options: {
    colour: { kind: 'text', value: 'NAME', isRequired: true, help: 'which colour' },
    coat: { kind: 'list', value: 'NAME', help: 'one more coat' },
    dry: { kind: 'flag', help: 'until it is dry' },
  },
  run: async () => accept({ exitCode: 0, lines: [], json: null }),
})

describe('arguments', () => {
  it('gives every option a value of its kind, and the operands in order', () => {
    const words = ['north', '--colour', 'red', '--coat=a', '--coat', 'b', 'hall', '--dry']
    expect(parseArguments(command, words)).toEqual({
      ok: true,
      value: {
        operands: ['north', 'hall'],
        values: { colour: 'red', coat: ['a', 'b'], dry: true, json: false, help: false },
      },
    })
  })

  it('takes an absent option for its nothing', () => {
    const parsed = parseArguments(command, ['north', '--colour', 'red'])
    expect(parsed).toMatchObject({ ok: true, value: { values: { coat: [], dry: false } } })
  })

  it('takes everything after -- for an operand', () => {
    const parsed = parseArguments(command, ['--colour', 'red', '--', '--dry'])
    expect(parsed).toMatchObject({ value: { operands: ['--dry'], values: { dry: false } } })
  })

  it.each([['--help'], ['-h'], ['--dry', '--help']])(
    'asks nothing of who asks for help',
    (...w) => {
      expect(parseArguments(command, w)).toMatchObject({
        ok: true,
        value: { values: { help: true } },
      })
    },
  )

  it.each([
    ['an unknown option', ['w', '--color', 'red'], 'no option --color. Did you mean "--colour"?'],
    ['an unknown letter', ['w', '-x'], '"drydock paint" has no option -x.'],
    ['a value that is not there', ['w', '--colour'], '--colour needs a value: NAME.'],
    ['a value that is empty', ['w', '--colour='], '--colour needs a value: NAME.'],
    ['an option for a value', ['w', '--colour', '--dry'], 'write --colour="--dry"'],
    ['a value for a flag', ['w', '--dry=no'], '--dry takes no value, but "no" was given.'],
    ['a repeated option', ['w', '--colour', 'a', '--colour', 'b'], '--colour is given twice.'],
    ['a missing option', ['w'], '--colour is missing: which colour.'],
    ['a missing operand', ['--colour', 'a'], 'WALL is missing: which one.'],
    ['an operand too many', ['w', 'r', 'x', '--colour', 'a'], 'has no use for "x".'],
    ['a property of every object', ['w', '--constructor', 'a'], 'no option --constructor.'],
    ['a prototype', ['w', '--__proto__', 'a'], 'no option --__proto__.'],
  ])('refuses %s and names it', (_case, words, message) => {
    const parsed = parseArguments(command, words)
    expect(parsed).toMatchObject({
      ok: false,
      refusal: { exitCode: 2, message: expect.stringContaining(message) },
    })
  })

  it('takes a value that begins with a dash where it is written with =', () => {
    const parsed = parseArguments(command, ['w', '--colour=--dry'])
    expect(parsed).toMatchObject({ value: { values: { colour: '--dry', dry: false } } })
  })
})
