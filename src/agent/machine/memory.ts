import type { Clock } from '../../base/clock.ts'

/** By then launcher and agent have started and said what they have to. */
const SETTLED_MS = 15_000

/**
 * Gives back, once, what starting needed and running does not: 2.5 MB of launcher and agent. Both
 * then wait, and a runtime that only waits never collects by itself.
 */
export async function giveBackOnceSettled(clock: Clock): Promise<void> {
  const { Bun } = globalThis as { Bun?: { gc(everything: boolean): void; shrink?(): void } }
  await clock.sleep(SETTLED_MS).done
  Bun?.gc(true)
  Bun?.shrink?.()
}
