/**
 * The CLI as a function: words in, text out, an exit code back. The result goes to stdout and
 * everything else to stderr, so that a pipe gets what was asked for and nothing more.
 */
import { accept, type Result } from '../base/result.ts'
import { createClient } from '../client/client.ts'
import { parseArguments } from './arguments.ts'
import type { Command, ParsedArguments } from './command.ts'
import { COMMANDS } from './commands.ts'
import { failureOf, type Situation } from './failures.ts'
import { commandHelp, generalHelp } from './help.ts'
import type { Io, OwnServer } from './io.ts'
import { readKeyFile } from './key-file.ts'
import { nearest } from './nearest.ts'
import { EXIT, type Failure, type Outcome, refuseUsage } from './outcome.ts'
import { printable } from './print.ts'

/** One call, its answer included; uploads and downloads: a pause in them. */
const CALL_MS_MAX = 30_000

/** The exit code. `version` is this program's own. */
export async function run(
  argv: readonly string[],
  io: Io,
  own: { readonly server: OwnServer; readonly version: string },
): Promise<number> {
  const [first] = argv
  if (first === undefined) {
    io.stderr.write(`${generalHelp(COMMANDS)}\n`)
    return EXIT.usage
  }
  if (first === '--version' || first === '-V') {
    io.stdout.write(`drydock ${own.version}\n`)
    return EXIT.done
  }
  if (first === 'help') return run([...argv.slice(1), '--help'], io, own)
  const command = findCommand(argv)
  if (command !== null) return runCommand(command, argv, { io, server: own.server })
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `))
  if (argv.some((word) => word === '--help' || word === '-h')) {
    io.stdout.write(`${generalHelp(group.length > 0 ? group : COMMANDS)}\n`)
    return EXIT.done
  }
  return tell(unknownCommand(argv, group), io, argv.includes('--json'))
}

/** The longest name that the words begin with: `upgrade status` before `upgrade`. */
function findCommand(argv: readonly string[]): Command | null {
  const two = argv.slice(0, 2).join(' ')
  return (
    COMMANDS.find(({ name }) => name === two) ??
    COMMANDS.find(({ name }) => name === argv[0]) ??
    null
  )
}

function unknownCommand(argv: readonly string[], group: readonly Command[]): Outcome {
  const [first = '', second = ''] = argv
  if (first.startsWith('-')) return refuseUsage(`The command comes before ${first}.`, SEE_HELP)
  const isPair = second !== '' && !second.startsWith('-')
  const said = isPair ? `${first} ${second}` : first
  const there = group.map(({ name }) => name).join(', ')
  if (group.length > 0 && !isPair) {
    return refuseUsage(`"drydock ${first}" is several commands: ${there}.`, SEE_HELP)
  }
  const names = COMMANDS.map(({ name }) => name)
  const near = nearest(said, names) ?? nearest(first, names)
  return refuseUsage(
    `There is no command "${said}".`,
    ...(near === null ? [] : [`Did you mean "drydock ${near}"?`]),
    ...(group.length === 0 ? [] : [`There are: ${there}.`]),
    SEE_HELP,
  )
}

const SEE_HELP = 'See "drydock --help".'

type RunNeeds = { readonly io: Io; readonly server: OwnServer }

async function runCommand(
  command: Command,
  argv: readonly string[],
  needs: RunNeeds,
): Promise<number> {
  const { io } = needs
  const words = argv.slice(command.name.split(' ').length)
  const parsed = parseArguments(command, words)
  if (!parsed.ok) return tell(parsed, io, words.includes('--json'))
  if (parsed.value.values.help === true) {
    io.stdout.write(`${commandHelp(command)}\n`)
    return EXIT.done
  }
  const isJson = parsed.value.values.json === true
  const given = settingsFrom(parsed.value, io)
  if (!given.ok) return tell(given, io, isJson)
  try {
    return tell(await perform(command, parsed.value, { ...needs, given: given.value }), io, isJson)
  } catch (error) {
    const failure = failureOf(error, { ...given.value, now: io.clock.now() })
    if (failure === null) throw error
    return tell({ ok: false, refusal: failure }, io, isJson)
  }
}

type Given = Omit<Situation, 'now'>

function settingsFrom(parsed: ParsedArguments, io: Io): Result<Given, Failure> {
  const { server = io.settings.server, 'key-file': keyFile = io.settings.keyFile } = parsed.values
  const given = { server: String(server), keyFile: String(keyFile) }
  const url = URL.parse(given.server)
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (isHttp) return accept(given)
  return refuseUsage(`"${given.server}" is no address of a server, such as http://127.0.0.1:8080.`)
}

async function perform(
  command: Command,
  parsed: ParsedArguments,
  needs: RunNeeds & { readonly given: Given },
): Promise<Outcome> {
  const { io, server, given } = needs
  if (command.kind === 'own') return command.run({ io, server }, parsed)
  const key = await readKeyFile(given.keyFile)
  if (!key.ok) return key
  const { fetch, clock, random } = io
  const client = createClient({
    baseUrl: given.server,
    key: key.value,
    timeoutMs: CALL_MS_MAX,
    ...{ fetch, clock, random },
  })
  return command.run({ io, client, isJson: parsed.values.json === true }, parsed)
}

function tell(outcome: Outcome, io: Io, isJson: boolean): number {
  if (outcome.ok) {
    const { lines, json, exitCode } = outcome.value
    const text = lines.map((line) => `${printable(line)}\n`).join('')
    const asJson = json === undefined ? '' : `${JSON.stringify(json, null, 2)}\n`
    io.stdout.write(isJson ? asJson : text)
    return exitCode
  }
  const { exitCode, message, hints, reason } = outcome.refusal
  const told = reason === null ? message : `${message} (${reason})`
  io.stderr.write(`drydock: ${printable(told)}\n`)
  for (const hint of hints.flatMap((each) => each.split('\n'))) {
    io.stderr.write(`  ${printable(hint)}\n`)
  }
  if (isJson) {
    const error = { exit_code: exitCode, message, hints, reason }
    io.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`)
  }
  return exitCode
}
