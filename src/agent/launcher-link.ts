/** The agent's end of the control line: its stdin and stdout (docs/protocol/launcher.md). */
import type { Readable, Writable } from 'node:stream'
import {
  type AgentMessage,
  type LauncherMessage,
  LineReader,
  launcherMessage,
  parseLine,
  writeLine,
} from './launcher/control.ts'

export type LauncherLink = { tell(message: AgentMessage): void }

export function connectLauncher(
  line: { readonly input: Readable; readonly output: Writable },
  events: {
    onMessage(message: LauncherMessage): void
    /** The launcher is gone: there is nobody to run for. */
    onEnd(): void
  },
): LauncherLink {
  const reader = new LineReader((text) => {
    const message = parseLine(text, launcherMessage)
    if (message !== null) events.onMessage(message)
  }, events.onEnd)
  line.input.setEncoding('utf8')
  line.input.on('data', (text: string) => reader.push(text))
  line.input.on('end', events.onEnd)
  line.input.on('error', events.onEnd)
  line.output.on('error', events.onEnd)
  return { tell: (message) => void line.output.write(writeLine(message)) }
}
