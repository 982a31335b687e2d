/** The command line of `drydock-agent`, parsed once. */
import { resolve } from 'node:path'
import { accept, type Result, refuse } from '../base/result.ts'

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'status'; readonly root: string; readonly asJson: boolean }
  | { readonly kind: 'facts'; readonly root: string }
  | { readonly kind: 'uninstall'; readonly root: string }
  | { readonly kind: 'run'; readonly root: string }
  /** Started by the launcher only. */
  | { readonly kind: 'agent'; readonly handover: string }

export const USAGE = `usage: drydock-agent COMMAND [--root DIR]

  run         start the agent and keep it running (the service does this)
  status      what the agent is doing; --json for scripts
  facts       what the agent reports about this machine, as JSON
  uninstall   remove the agent from this machine

  --root DIR  everything below DIR instead of / (for tests; needs no root user)
`

const COMMANDS = ['status', 'facts', 'uninstall', 'run', 'agent', 'help', '--help', '-h']

export function parseArguments(args: readonly string[]): Result<Command, string> {
  const [kind = 'help', ...rest] = args
  if (!COMMANDS.includes(kind)) return refuse(`there is no command ${kind}`)
  let root = ''
  let asJson = false
  const words: string[] = []
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? ''
    if (word === '--help' || word === '-h') return accept({ kind: 'help' })
    if (word === '--json' && kind === 'status') {
      asJson = true
    } else if (word === '--root') {
      const folder = rest[at + 1]
      if (folder === undefined || folder === '') return refuse('--root needs a folder')
      root = resolve(folder)
      at += 1
    } else words.push(word)
  }
  if (root === '/') root = ''
  if (kind === 'agent') {
    const [handover] = words
    return handover === undefined
      ? refuse('agent is for the launcher only')
      : accept({ kind, handover })
  }
  const [stray] = words
  if (stray !== undefined) return refuse(`${stray} is not understood here`)
  if (kind === 'status') return accept({ kind, root, asJson })
  if (kind === 'facts' || kind === 'uninstall' || kind === 'run') return accept({ kind, root })
  return accept({ kind: 'help' })
}
