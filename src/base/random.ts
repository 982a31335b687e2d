import { randomBytes, randomInt } from 'node:crypto'

/** Chance, handed in, so that tests and the simulator can replay it. */
export interface Random {
  bytes(length: number): Uint8Array
  /** A number in [0, 1). */
  fraction(): number
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => randomInt(2 ** 32) / 2 ** 32,
}

/**
 * `value`, spread evenly over +-`share` of itself: jitter that keeps a fleet from marching in step.
 */
export function jittered(random: Random, value: number, share: number): number {
  return value * (1 - share + 2 * share * random.fraction())
}
