/**
 * How fast the agents' downloads leave this server, all of them together: pieces go out one after
 * the other at the allowed rate, and a stream that has sent one stands behind all others that wait,
 * so that they share evenly. Each server keeps to it for itself. While there is no limit a download
 * is not touched at all; one that began so ends so.
 */
import type { Clock } from '../../base/clock.ts'

/** Small enough that hundreds take turns within an agent's patience for the next one (30 s). */
export const PIECE_BYTES = 16 * 1024
/** Timers are coarse: a stream rests when it is this far ahead, and may make up as much. */
const SLACK_MS = 20
/** A stream that had to wait longer for its turn would be given up by its agent. */
const TURN_MS_MAX = 15_000

/** A download as it may leave. */
export type Pace = (parts: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>

export type Bandwidth = {
  /** For a download that begins now: null as it comes, `full` not now. */
  begin(): Promise<Pace | 'full' | null>
}

export function createBandwidth(needs: {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>
  /** Null: without a limit. */
  readonly bytesPerSecond: () => Promise<number | null>
}): Bandwidth {
  const { clock, bytesPerSecond } = needs
  let streams = 0
  /** When what was sent so far has had its time. */
  let paidUntil = Number.NEGATIVE_INFINITY

  async function takeTurn(bytes: number): Promise<void> {
    const rate = await bytesPerSecond()
    if (rate === null) return
    const now = clock.monotonic()
    const start = Math.max(paidUntil, now - SLACK_MS)
    paidUntil = start + (bytes / rate) * 1000
    if (start - now > SLACK_MS) await clock.sleep(start - now).done
  }

  async function* pace(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    streams += 1
    try {
      for await (const part of parts) {
        for (let at = 0; at < part.length; at += PIECE_BYTES) {
          const piece = part.subarray(at, at + PIECE_BYTES)
          await takeTurn(piece.length)
          yield piece
        }
      }
    } finally {
      streams -= 1
    }
  }

  return {
    async begin() {
      const rate = await bytesPerSecond()
      if (rate === null) return null
      return ((streams + 1) * PIECE_BYTES * 1000) / rate > TURN_MS_MAX ? 'full' : pace
    },
  }
}
