/** The words after a command, checked against what the command takes. */
import { parseArgs } from 'node:util'
import { accept, type Result } from '../base/result.ts'
import {
  allOptions,
  type Command,
  type Option,
  type Options,
  type ParsedArguments,
} from './command.ts'
import { suggestion } from './nearest.ts'
import { type Failure, refuseUsage } from './outcome.ts'

type OptionToken = {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

export function parseArguments(
  command: Command,
  argv: readonly string[],
): Result<ParsedArguments, Failure> {
  const options = allOptions(command)
  const { tokens, positionals } = readTokens(options, argv)
  const values: GivenValues = new Map()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    // Own properties only: every object has a "constructor", and no command has that option.
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    const flaw = flawOf(token, option, { command, isRepeated: values.has(token.name) })
    if (flaw !== null) return refuseUsage(flaw, seeHelp(command))
    if (option !== undefined) addValue(values, token, option)
  }
  if (values.has('help')) return accept({ values: { help: true }, operands: [] })
  const flaw = missingOption(command, values) ?? flawOfOperands(command, positionals)
  if (flaw !== null) return refuseUsage(flaw, seeHelp(command))
  return accept({ values: withDefaults(options, values), operands: positionals })
}

type GivenValues = Map<string, string | boolean | readonly string[]>

function readTokens(options: Options, argv: readonly string[]) {
  const known = Object.entries(options).map(([name, { kind }]) => {
    const type: 'boolean' | 'string' = kind === 'flag' ? 'boolean' : 'string'
    return [name, { type, ...(name === 'help' ? { short: 'h' } : {}) }] as const
  })
  return parseArgs({
    args: [...argv],
    options: Object.fromEntries(known),
    // The errors are our own: they name what was meant.
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
}

function addValue(values: GivenValues, token: OptionToken, option: Option): void {
  const { name, value = '' } = token
  if (option.kind === 'flag') values.set(name, true)
  if (option.kind === 'text') values.set(name, value)
  if (option.kind !== 'list') return
  const earlier = values.get(name)
  values.set(name, [...(Array.isArray(earlier) ? earlier : []), value])
}

export function seeHelp(command: Command): string {
  return `See "drydock ${command.name} --help".`
}

function flawOf(
  token: OptionToken,
  option: Option | undefined,
  found: { readonly command: Command; readonly isRepeated: boolean },
): string | null {
  const { rawName, value, inlineValue } = token
  if (option === undefined) {
    const known = Object.keys(allOptions(found.command)).map((name) => `--${name}`)
    const near = suggestion(rawName, known)
    return `"drydock ${found.command.name}" has no option ${rawName}.${near}`
  }
  if (option.kind === 'flag') {
    return value === undefined ? null : `${rawName} takes no value, but "${value}" was given.`
  }
  if (value === undefined || value === '') return `${rawName} needs a value: ${option.value}.`
  if (inlineValue !== true && value.length > 1 && value.startsWith('-')) {
    return `${rawName} needs a value. If it is "${value}", write ${rawName}="${value}".`
  }
  return found.isRepeated && option.kind === 'text' ? `${rawName} is given twice.` : null
}

function missingOption(command: Command, values: ReadonlyMap<string, unknown>): string | null {
  const missing = Object.entries(command.options).find(
    ([name, option]) => option.kind === 'text' && option.isRequired && !values.has(name),
  )
  if (missing === undefined) return null
  const [name, option] = missing
  return `--${name} is missing: ${option.help}.`
}

function flawOfOperands(command: Command, operands: readonly string[]): string | null {
  const { operands: wanted } = command
  const missing = wanted.find(
    ({ count }, index) => count !== 'optional' && operands[index] === undefined,
  )
  if (missing !== undefined) return `${missing.name} is missing: ${missing.help}.`
  if (wanted.some(({ count }) => count === 'many')) return null
  const extra = operands[wanted.length]
  return extra === undefined ? null : `"drydock ${command.name}" has no use for "${extra}".`
}

function withDefaults(
  options: Readonly<Record<string, Option>>,
  values: ReadonlyMap<string, string | boolean | readonly string[]>,
): ParsedArguments['values'] {
  return Object.fromEntries(
    Object.entries(options).map(([name, { kind }]) => {
      const absent = kind === 'flag' ? false : kind === 'list' ? [] : undefined
      return [name, values.get(name) ?? absent]
    }),
  )
}
