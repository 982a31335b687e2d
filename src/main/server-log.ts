/** The server's log: JSON lines for machines, short lines where a person looks. */
import { type Level, pino } from 'pino'
import type { Log } from '../base/log.ts'
import type { LOG_LEVELS } from './environment.ts'

type Stream = { write(text: string): unknown; readonly isTTY?: boolean }

/** What must never be in a log, whoever puts it there by mistake. */
const SECRETS = ['authorization', 'headers.authorization', 'token', 'key', 'credential'] as const

export function openServerLog(level: (typeof LOG_LEVELS)[number], stream: Stream): Log {
  const target = stream.isTTY === true ? { write: (line: string) => shown(stream, line) } : stream
  const log = pino(
    { level, redact: [...SECRETS], base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => void target.write(line) },
  )
  const at = (name: Level) => (facts: Record<string, unknown>, message: string) =>
    log[name](facts, message)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

const LEVEL_NAMES: Readonly<Record<string, string>> = { 20: 'debug', 40: 'WARN', 50: 'ERROR' }

function shown(stream: Stream, line: string): void {
  stream.write(readableLine(line))
}

/** `07:30:12 WARN message name=value ...` of one JSON line. */
export function readableLine(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line) as Record<string, unknown> // Pino's own.
  const name = LEVEL_NAMES[String(level)]
  const values = Object.entries(facts).map(([key, value]) => `${key}=${asText(value)}`)
  const clock = String(time).slice(11, 19)
  return `${[clock, ...(name === undefined ? [] : [name]), String(msg), ...values].join(' ')}\n`
}

function asText(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@-]+$/.test(value)) return value
  return JSON.stringify(value)
}
