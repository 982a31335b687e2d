/**
 * Times of any number of requests in a fixed room: buckets that each are two per cent wider than
 * the one before, so that those of several processes can be added up.
 */
const FIRST_MS = 0.05
const GROWTH = 1.02
/** Up to 20 minutes; whatever took longer counts as that. */
const BUCKETS = 860

export type Latencies = Float64Array

export function noLatencies(): Latencies {
  return new Float64Array(BUCKETS)
}

export function noteLatency(latencies: Latencies, ms: number): void {
  const bucket = Math.ceil(Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(GROWTH))
  const index = Math.min(BUCKETS - 1, bucket)
  latencies[index] = (latencies[index] ?? 0) + 1
}

export function addedLatencies(all: readonly Latencies[]): Latencies {
  return noLatencies().map((_, index) => all.reduce((sum, each) => sum + (each[index] ?? 0), 0))
}

/** The upper end of the bucket that the share ends in: at most two per cent too much. */
export function latencyAt(latencies: Latencies, share: number): number {
  const count = latencies.reduce((sum, each) => sum + each, 0)
  let seen = 0
  for (const [index, each] of latencies.entries()) {
    seen += each
    if (seen >= count * share && seen > 0) return FIRST_MS * GROWTH ** index
  }
  return Number.NaN
}
