import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/**
 * One JSON object a line, on stderr, where the service manager collects it. `debug` is left out.
 */
export function stderrLog(name: string, clock: Clock): Log {
  const write = (level: string) => (facts: Record<string, unknown>, message: string) => {
    const time = Temporal.Instant.fromEpochMilliseconds(Math.trunc(clock.now())).toString()
    process.stderr.write(`${JSON.stringify({ time, level, name, ...facts, message })}\n`)
  }
  return { debug: () => {}, info: write('info'), warn: write('warn'), error: write('error') }
}
