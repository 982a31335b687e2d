import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/** One JSON object a line. `debug` is left out. */
export function lineLog(name: string, clock: Clock, put: (line: string) => void): Log {
  const write = (level: string) => (facts: Record<string, unknown>, message: string) => {
    const time = Temporal.Instant.fromEpochMilliseconds(Math.trunc(clock.now())).toString()
    put(`${JSON.stringify({ time, level, name, ...facts, message })}\n`)
  }
  return { debug: () => {}, info: write('info'), warn: write('warn'), error: write('error') }
}

/** On stderr, where the service manager collects it. */
export function stderrLog(name: string, clock: Clock): Log {
  return lineLog(name, clock, (line) => process.stderr.write(line))
}
