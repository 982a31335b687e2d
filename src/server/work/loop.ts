/**
 * What happens without being asked. A worker does one kind of work, whenever it is woken and every
 * so often even if it is not: a wake-up is a hint, a missed one costs a delay and never
 * correctness. Stopping waits for the turn that is under way.
 */
import type { Clock, Sleep } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import { jittered, type Random } from '../../base/random.ts'

export type LoopNeeds = { readonly clock: Clock; readonly random: Random; readonly log: Log }

export type Work = {
  readonly name: string
  /** The longest it rests. */
  readonly everyMs: number
  /**
   * What it costs grows with the fleet, and so does how often it is woken: after each turn it rests
   * for twice as long as that took, woken or not, so that it never takes more than a third of what
   * others need too.
   */
  readonly isCostly?: true
  /** One turn. Says when there is more to do, in milliseconds; null: nothing that it knows of. */
  perform(): Promise<number | null>
}

export type Loop = {
  /** There is something to do now. */
  wake(): void
  /** Resolves once every wake-up before it has been worked off. */
  drain(): Promise<void>
  stop(): Promise<void>
}

/** After a failed turn, so that a dead database is not asked a thousand times a second. */
const FAILURE_REST_MS = 1_000
const COSTLY_REST = 2
/** Servers that were started together must not rest in step. */
const JITTER = 0.2

export function startLoop(work: Work, needs: LoopNeeds): Loop {
  let isStopping = false
  let isWoken = true
  let resting: Sleep | null = null
  let recovering: Sleep | null = null
  let waiting: (() => void)[] = []
  const ended = run()

  async function run(): Promise<void> {
    while (!isStopping) {
      isWoken = false
      const served = waiting
      waiting = []
      const began = needs.clock.monotonic()
      const restMs = await turn(work, needs)
      const tookMs = needs.clock.monotonic() - began
      for (const resolve of served) resolve()
      if (work.isCostly && tookMs > 0 && !isStopping && waiting.length === 0) {
        recovering = needs.clock.sleep(COSTLY_REST * tookMs)
        await recovering.done
        recovering = null
      }
      if (isStopping) break
      if (isWoken) continue
      resting = needs.clock.sleep(jittered(needs.random, restMs, JITTER))
      await resting.done
      resting = null
    }
    for (const resolve of waiting) resolve()
  }

  const wake = () => {
    isWoken = true
    resting?.cancel()
  }
  return {
    wake,
    drain() {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      recovering?.cancel()
      wake()
      return promise
    },
    async stop() {
      isStopping = true
      recovering?.cancel()
      resting?.cancel()
      await ended
    },
  }
}

async function turn(work: Work, needs: LoopNeeds): Promise<number> {
  try {
    const nextMs = await work.perform()
    return Math.min(Math.max(nextMs ?? work.everyMs, 0), work.everyMs)
  } catch (error) {
    // Best effort: what was to be done is still a row; the next turn finds it.
    needs.log.error({ work: work.name, error: causeChain(error) }, 'a worker failed')
    return FAILURE_REST_MS
  }
}
