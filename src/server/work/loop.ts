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
/** Servers that were started together must not rest in step. */
const JITTER = 0.2

export function startLoop(work: Work, needs: LoopNeeds): Loop {
  let isStopping = false
  let isWoken = true
  let resting: Sleep | null = null
  let waiting: (() => void)[] = []
  const ended = run()

  async function run(): Promise<void> {
    while (!isStopping) {
      isWoken = false
      const served = waiting
      waiting = []
      const restMs = await turn(work, needs)
      for (const resolve of served) resolve()
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
      wake()
      return promise
    },
    async stop() {
      isStopping = true
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
