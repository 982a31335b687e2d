/** What a command is: its words, its operands, its options with their types, and what it does. */
import type { Client } from '../client/client.ts'
import type { Io, OwnServer } from './io.ts'
import type { Outcome } from './outcome.ts'

export type Option = { readonly help: string } & (
  | { readonly kind: 'flag' }
  | { readonly kind: 'text'; readonly value: string; readonly isRequired?: true }
  | { readonly kind: 'list'; readonly value: string }
)
export type Options = Readonly<Record<string, Option>>

type ValueOf<Given extends Option> = Given extends { readonly kind: 'flag' }
  ? boolean
  : Given extends { readonly kind: 'list' }
    ? readonly string[]
    : Given extends { readonly isRequired: true }
      ? string
      : string | undefined
export type Values<Given extends Options> = { readonly [Name in keyof Given]: ValueOf<Given[Name]> }

export type Operand = {
  readonly name: string
  readonly help: string
  /** How many there may be; `many` is one or more. */
  readonly count: 'one' | 'optional' | 'many'
}

/** `isJson`: for a command that prints as it goes, and does not end with its answer. */
export type ApiContext = { readonly io: Io; readonly client: Client; readonly isJson: boolean }
export type OwnContext = { readonly io: Io; readonly server: OwnServer }

type Definition<Context, Given extends Options> = {
  /** `release publish`. */
  readonly name: string
  readonly summary: string
  /** More for its own `--help`, line by line. */
  readonly notes?: readonly string[]
  readonly operands?: readonly Operand[]
  readonly options: Given
  run(context: Context, values: Values<Given>, operands: readonly string[]): Promise<Outcome>
}

type Described = {
  readonly name: string
  readonly summary: string
  readonly notes: readonly string[]
  readonly operands: readonly Operand[]
  readonly options: Options
}

export type ParsedArguments = {
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  readonly operands: readonly string[]
}

type Run<Context> = (context: Context, parsed: ParsedArguments) => Promise<Outcome>
/** `api`: it calls a server; `own`: it works on the server's own files, or is the server. */
export type Command = Described &
  (
    | { readonly kind: 'api'; readonly run: Run<ApiContext> }
    | { readonly kind: 'own'; readonly run: Run<OwnContext> }
  )

export function defineApiCommand<const Given extends Options>(
  definition: Definition<ApiContext, Given>,
): Command {
  return { ...described(definition), kind: 'api', run: runWith(definition) }
}

export function defineOwnCommand<const Given extends Options>(
  definition: Definition<OwnContext, Given>,
): Command {
  return { ...described(definition), kind: 'own', run: runWith(definition) }
}

function described<Context, Given extends Options>(
  definition: Definition<Context, Given>,
): Described {
  const { name, summary, notes = [], operands = [], options } = definition
  return { name, summary, notes, operands, options }
}

function runWith<Context, Given extends Options>(
  definition: Definition<Context, Given>,
): Run<Context> {
  return (context, parsed) =>
    // The parser has built the values from these very options (arguments.ts).
    definition.run(context, parsed.values as Values<Given>, parsed.operands)
}

/** What every API call takes besides its own options. */
export const API_OPTIONS = {
  server: { kind: 'text', value: 'URL', help: 'the server (or DRYDOCK_URL)' },
  'key-file': { kind: 'text', value: 'FILE', help: 'the API key (or DRYDOCK_KEY_FILE)' },
} as const satisfies Options

export const COMMON_OPTIONS = {
  json: { kind: 'flag', help: 'print one JSON value instead of text' },
  help: { kind: 'flag', help: 'show this help' },
} as const satisfies Options

export function allOptions(command: Command): Options {
  return { ...command.options, ...(command.kind === 'api' ? API_OPTIONS : {}), ...COMMON_OPTIONS }
}
