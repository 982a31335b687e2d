/** The command line of `drydock-agent`, parsed once. */
import { resolve } from 'node:path'
import { accept, type Result, refuse } from '../base/result.ts'

/** `program` keeps identity and configuration for another installation. */
export type Removal = 'program' | 'everything'

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'status'; readonly root: string; readonly asJson: boolean }
  | { readonly kind: 'facts'; readonly root: string }
  | { readonly kind: 'uninstall'; readonly root: string; readonly what: Removal }
  | { readonly kind: 'run'; readonly root: string }
  /** `run`, for the service control manager of Windows. */
  | { readonly kind: 'service'; readonly root: string }
  /** Started by the launcher only. */
  | { readonly kind: 'agent'; readonly handover: string }

export const USAGE = `usage: drydock-agent COMMAND [--root DIR]

  run         start the agent and keep it running (the service does this)
  service     the same on Windows, started by its service control manager
  status      what the agent is doing; --json for scripts
  facts       what the agent reports about this machine, as JSON
  uninstall   remove program and service; identity and configuration stay, unless --purge is given

  --root DIR  everything below DIR instead of / (for tests; needs no root user)
`

const COMMANDS = ['status', 'facts', 'uninstall', 'run', 'service', 'agent', 'help', '--help', '-h']

export function parseArguments(args: readonly string[]): Result<Command, string> {
  const [kind = 'help', ...rest] = args
  if (!COMMANDS.includes(kind)) return refuse(`there is no command ${kind}`)
  if (kind === 'agent') return parseHandover(rest)
  const words = [...rest]
  if (words.some((word) => word === '--help' || word === '-h')) return accept({ kind: 'help' })
  const rooted = takeRoot(words)
  if (!rooted.ok) return rooted
  const root = rooted.value
  const asJson = kind === 'status' && takeWord(words, '--json')
  const what = kind === 'uninstall' && takeWord(words, '--purge') ? 'everything' : 'program'
  const [stray] = words
  if (stray !== undefined) return refuse(`${stray} is not understood here`)
  if (kind === 'status') return accept({ kind, root, asJson })
  if (kind === 'uninstall') return accept({ kind, root, what })
  if (kind === 'facts' || kind === 'run' || kind === 'service') return accept({ kind, root })
  return accept({ kind: 'help' })
}

function parseHandover([handover]: readonly string[]): Result<Command, string> {
  if (handover === undefined) return refuse('agent is for the launcher only')
  return accept({ kind: 'agent', handover })
}

/** Takes a word out of the words; whether it was there. */
function takeWord(words: string[], word: string): boolean {
  const at = words.indexOf(word)
  if (at >= 0) words.splice(at, 1)
  return at >= 0
}

/** Takes `--root DIR` out of the words; the machine's own root is the empty one. */
function takeRoot(words: string[]): Result<string, string> {
  const at = words.indexOf('--root')
  if (at < 0) return accept('')
  const [, folder] = words.splice(at, 2)
  if (folder === undefined || folder === '') return refuse('--root needs a folder')
  const root = resolve(folder)
  return accept(root === '/' ? '' : root)
}
