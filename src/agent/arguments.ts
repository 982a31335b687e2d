/** The command line of `drydock-agent`, parsed once. */
import { resolve } from 'node:path'
import { accept, type Result, refuse } from '../base/result.ts'

/** `program` keeps identity and configuration for another installation. */
export type Removal = 'program' | 'everything'

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'status'; readonly root: string; readonly asJson: boolean }
  | { readonly kind: 'facts'; readonly root: string }
  /** Asked by the kubelet of a cluster. */
  | { readonly kind: 'ready'; readonly root: string }
  /** What the first container of a pod does, for the user that the agent runs as. */
  | { readonly kind: 'give-state'; readonly root: string; readonly userId: number }
  | { readonly kind: 'uninstall'; readonly root: string; readonly what: Removal }
  | { readonly kind: 'run'; readonly root: string }
  /** `run`, for the service managers of Windows and macOS. */
  | { readonly kind: 'service'; readonly root: string }
  /** Started by the launcher only. */
  | { readonly kind: 'agent'; readonly handover: string }

export const USAGE = `usage: drydock-agent COMMAND [--root DIR]

  run         start the agent and keep it running (the service does this)
  service     the same for Windows and macOS, with its log in a file of the state folder
  status      what the agent is doing; --json for scripts
  facts       what the agent reports about this machine, as JSON
  ready       in a cluster: whether this pod is ready
  give-state  in a cluster: give the empty state folder to the user with this number
  uninstall   remove program and service; identity and configuration stay, unless --purge is given

  --root DIR  everything below DIR instead of / (for tests; needs no root user)
`

const COMMANDS = [
  'status',
  'facts',
  'ready',
  'give-state',
  'uninstall',
  'run',
  'service',
  'agent',
  'help',
  '--help',
  '-h',
]

export function parseArguments(args: readonly string[]): Result<Command, string> {
  const [kind = 'help', ...rest] = args
  if (!COMMANDS.includes(kind)) return refuse(`there is no command ${kind}`)
  if (kind === 'agent') return parseHandover(rest)
  const words = [...rest]
  if (words.some((word) => word === '--help' || word === '-h')) return accept({ kind: 'help' })
  const rooted = takeRoot(words)
  if (!rooted.ok) return rooted
  const root = rooted.value
  if (kind === 'give-state') return parseUser(root, words)
  const asJson = kind === 'status' && takeWord(words, '--json')
  const what = kind === 'uninstall' && takeWord(words, '--purge') ? 'everything' : 'program'
  const [stray] = words
  if (stray !== undefined) return refuse(`${stray} is not understood here`)
  if (kind === 'status') return accept({ kind, root, asJson })
  if (kind === 'uninstall') return accept({ kind, root, what })
  if (kind === 'facts' || kind === 'ready') return accept({ kind, root })
  if (kind === 'run' || kind === 'service') return accept({ kind, root })
  return accept({ kind: 'help' })
}

function parseHandover([handover]: readonly string[]): Result<Command, string> {
  if (handover === undefined) return refuse('agent is for the launcher only')
  return accept({ kind: 'agent', handover })
}

function parseUser(root: string, [user, ...stray]: readonly string[]): Result<Command, string> {
  if (stray.length > 0 || user === undefined || !/^\d{1,9}$/.test(user)) {
    return refuse('give-state takes the number of a user')
  }
  return accept({ kind: 'give-state', root, userId: Number(user) })
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
