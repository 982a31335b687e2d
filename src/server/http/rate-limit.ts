/**
 * How often an API key may ask this server: so many requests a second for as long as it likes, and
 * a number at once after a pause (a token bucket). It keeps one client that runs wild from taking
 * the server from all others; it is no defence against strangers, who get no further than their
 * missing key. Each server counts for itself.
 */
import type { Clock } from '../../base/clock.ts'

export type RateLimitSettings = { readonly perS: number; readonly burst: number }

export type RateLimit = {
  /** Takes one request of the key; null when there is one, else the seconds until there is. */
  take(keyId: number): number | null
}

type Bucket = { tokens: number; at: number }

/** Only keys that were good have a bucket; full ones are forgotten when there are this many. */
const BUCKETS_MAX = 20_000

export function createRateLimit(
  settings: RateLimitSettings,
  clock: Pick<Clock, 'monotonic'>,
): RateLimit {
  const buckets = new Map<number, Bucket>()
  const filled = (bucket: Bucket, now: number) =>
    Math.min(settings.burst, bucket.tokens + ((now - bucket.at) / 1000) * settings.perS)
  const forgetFull = (now: number) => {
    for (const [id, bucket] of buckets) {
      if (filled(bucket, now) >= settings.burst) buckets.delete(id)
    }
    // Whoever has none begins with a full one: the oldest gains a little, and memory has an end.
    for (const id of buckets.keys()) {
      if (buckets.size < BUCKETS_MAX) break
      buckets.delete(id)
    }
  }
  return {
    take(keyId) {
      const now = clock.monotonic()
      const bucket = buckets.get(keyId)
      if (bucket === undefined && buckets.size >= BUCKETS_MAX) forgetFull(now)
      const tokens = bucket === undefined ? settings.burst : filled(bucket, now)
      const isAllowed = tokens >= 1
      buckets.set(keyId, { tokens: isAllowed ? tokens - 1 : tokens, at: now })
      return isAllowed ? null : Math.max(1, Math.ceil((1 - tokens) / settings.perS))
    },
  }
}
