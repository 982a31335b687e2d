import { randomBytes, randomInt } from 'node:crypto'

/** Chance, handed in, so that tests and the simulator can replay it. */
export interface Random {
  bytes(length: number): Uint8Array
  /** A number in [0, 1). */
  fraction(): number
}

export const systemRandom: Random = {
  bytes: drawBytes,
  fraction: () => randomInt(2 ** 32) / 2 ** 32,
}

/**
 * Asking the system costs microseconds each time, and every check-in wants an id: it is asked for
 * many at once.
 */
const POOL_BYTES = 4096
const POOLED_BYTES_MAX = 64
let pool = Buffer.alloc(0)

function drawBytes(length: number): Uint8Array {
  if (length > POOLED_BYTES_MAX) return randomBytes(length)
  if (pool.length < length) pool = randomBytes(POOL_BYTES)
  const drawn = Uint8Array.prototype.slice.call(pool, 0, length)
  // What was given out is forgotten here: nobody finds a secret in the pool.
  pool.fill(0, 0, length)
  pool = pool.subarray(length)
  return drawn
}

/**
 * `value`, spread evenly over +-`share` of itself: jitter that keeps a fleet from marching in step.
 */
export function jittered(random: Random, value: number, share: number): number {
  return value * (1 - share + 2 * share * random.fraction())
}
