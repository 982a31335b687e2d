import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'
import { optionUsage } from './help.ts'
import { EXIT_CODES } from './outcome.ts'

const document = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8')

/** The part under a command's own heading. */
function sectionOf(name: string): string {
  const [, section] =
    document
      .split(/^### /m)
      .map((part) => /^`drydock ([a-z -]+?)(?: [A-Z[][^`]*)?`\n([\s\S]*)/.exec(part))
      .find((match) => match?.[1] === name)
      ?.slice(1) ?? []
  return section ?? ''
}

describe('docs/cli.md', () => {
  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    'has `%s` with every option, as the help has it, and no other',
    (name, { options, operands }) => {
      const section = sectionOf(name)
      expect(section).not.toBe('')
      const told = [...section.matchAll(/^\| `(--[^`]+)` \|/gm)].map((match) => match[1])
      const there = Object.entries(options).map(([option, each]) => {
        return optionUsage(option, each).replace(/ \.\.\.$/, '')
      })
      expect(told.toSorted()).toEqual(there.toSorted())
      const usage = [`drydock ${name}`, ...operands.map((operand) => operand.name)].join(' ')
      const many = operands.some(({ count }) => count === 'many') ? ' ...' : ''
      expect(document).toContain(`### \`${usage}${many}\`\n`)
    },
  )

  it('has no command that is not there', () => {
    const headings = [...document.matchAll(/^### `drydock ([a-z -]+[a-z])/gm)].map(
      ([, name]) => name,
    )
    expect(headings.toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted())
  })

  it('has every exit code with its meaning', () => {
    for (const [code, meaning] of EXIT_CODES) expect(document).toContain(`| ${code} | ${meaning} |`)
  })
})

describe('commands', () => {
  it('have names of their own', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length)
  })
})
