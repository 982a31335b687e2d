/** The help texts, made from the table of commands. */
import { allOptions, type Command, type Option } from './command.ts'
import { EXIT_CODES } from './outcome.ts'
import { padded, widthOf } from './print.ts'

export function generalHelp(commands: readonly Command[]): string {
  return [
    'Drydock builds the installer, enrols the endpoint, and keeps its agent at the',
    'version you chose, in the hours you chose.',
    '',
    'Usage: drydock COMMAND [OPTION ...]',
    '',
    ...twoColumns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'drydock COMMAND --help says more of one command; --version names this version.',
    '',
    'The server and the key come from --server and --key-file, else from DRYDOCK_URL',
    'and DRYDOCK_KEY_FILE, else they are http://127.0.0.1:8080 and admin-key.json in',
    'the data directory (DRYDOCK_DATA_DIR, else ./data).',
    '',
    'Exit codes:',
    ...twoColumns(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
  ].join('\n')
}

export function commandHelp(command: Command): string {
  const options = Object.entries(allOptions(command))
  return [
    `Usage: ${usageOf(command)}`,
    '',
    `${command.summary}.`,
    ...(command.notes.length === 0 ? [] : ['', ...command.notes]),
    '',
    ...twoColumns([
      ...command.operands.map(({ name, help }) => [name, help] as const),
      ...options.map(([name, option]) => [optionUsage(name, option), option.help] as const),
    ]),
  ].join('\n')
}

export function usageOf(command: Command): string {
  const operands = command.operands.map(({ name, count }) => {
    if (count === 'one') return name
    return count === 'many' ? `${name} ...` : `[${name}]`
  })
  const required = Object.entries(command.options)
    .filter(([, option]) => option.kind === 'text' && option.isRequired)
    .map(([name, option]) => optionUsage(name, option))
  return ['drydock', command.name, ...operands, ...required, '[OPTION ...]'].join(' ')
}

export function optionUsage(name: string, option: Option): string {
  if (option.kind === 'flag') return `--${name}`
  return `--${name} ${option.value}${option.kind === 'list' ? ' ...' : ''}`
}

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => widthOf(left)))
  return rows.map(([left, right]) => `  ${padded(left, width)}  ${right}`)
}
