/**
 * The outbox is worked off: take what is due, perform it, save its outcome and its end in one
 * transaction. A worker that dies in between leaves a row whose lease runs out, so everything
 * performed here is repeatable. What fails for the moment is tried again, later and later; what
 * cannot succeed is given up, with a reason where a person looks.
 *
 * Building is quick, unless it is the first of its release and what its packages share is being
 * made. What takes longer than others should wait goes on beside them.
 */
import type { Clock } from '../../base/clock.ts'
import { causeChain, Fault } from '../../base/fault.ts'
import { unreachable } from '../../base/invariant.ts'
import type { Log } from '../../base/log.ts'
import type { Artifacts } from '../../store/artifacts.ts'
import type { Database } from '../../store/open.ts'
import {
  type Effect,
  loadNextDue,
  saveEffectDone,
  saveEffectFailed,
  takeEffects,
} from '../../store/outbox.ts'
import { type BuildNeeds, buildDistribution, giveUpDistribution } from './build-distribution.ts'
import { removeArtifact } from './remove-artifacts.ts'
import type { SaveOutcome } from './save-outcome.ts'

export type EffectNeeds = BuildNeeds & {
  readonly database: Database
  readonly artifacts: Pick<Artifacts, 'remove'>
  readonly clock: Clock
  readonly log: Log
  readonly underWay: EffectsUnderWay
  /** The server stops: nothing more is taken. */
  readonly stopping: AbortSignal
}

/** By their ids: those of this server that the next need not wait for. */
export type EffectsUnderWay = Map<number, Promise<void>>

/**
 * Far longer than most builds take, short enough that a dead server's orders wait only so long. One
 * that takes longer falls due here, too, and being taken again prolongs its lease.
 */
const LEASE_MS = 10_000
/** Longer than a build whose parts were made ahead, also on a busy machine. */
const PATIENCE_MS = 100
/** Most wait for the same part; each costs no more than a few promises. */
const UNDER_WAY_MAX = 256
/** Of one taking: other servers get some too. */
const TAKE_MAX = 8
export const ATTEMPTS_MAX = 8
/**
 * An effect that is due and that another server is just taking is no reason to ask without pause.
 */
const REST_MS_MIN = 50
const BACK_OFF_MS = 1_000
const BACK_OFF_MS_MAX = 300_000

/**
 * One turn: everything that is due. Returns when the next effect is, in milliseconds from now;
 * null: never.
 */
export async function performEffects(needs: EffectNeeds): Promise<number | null> {
  while (!needs.stopping.aborted) {
    const now = needs.clock.now()
    const take = { limit: TAKE_MAX, leaseMs: LEASE_MS }
    const effects = await needs.database.write((tx) => takeEffects(tx, take, now))
    if (effects.length === 0) {
      const next = await loadNextDue(needs.database.read)
      return next === undefined ? null : Math.max(next - needs.clock.now(), REST_MS_MIN)
    }
    for (const effect of effects) await begin(needs, effect)
  }
  return null
}

/** Until it is done, or has taken long enough for others to go on. */
async function begin(needs: EffectNeeds, effect: Effect): Promise<void> {
  const { underWay } = needs
  if (underWay.has(effect.id)) return
  if (underWay.size >= UNDER_WAY_MAX) await Promise.race(underWay.values())
  const ended = performOne(needs, effect)
    .catch((error: unknown) => {
      // Best effort: its row stays, and is taken again once its lease has run out.
      const facts = { effect: effect.kind, subject: effect.subject, error: causeChain(error) }
      needs.log.error(facts, 'the end of an effect could not be saved')
    })
    .finally(() => underWay.delete(effect.id))
  underWay.set(effect.id, ended)
  const patience = needs.clock.sleep(PATIENCE_MS)
  await Promise.race([ended, patience.done])
  patience.cancel()
}

async function performOne(needs: EffectNeeds, effect: Effect): Promise<void> {
  try {
    const save = await perform(needs, effect)
    await end(needs, effect, save)
  } catch (error) {
    // Best effort: the row stays until its outcome is known; here it is put off or given up.
    await putOff(needs, effect, error)
  }
}

async function perform(needs: EffectNeeds, effect: Effect): Promise<SaveOutcome> {
  switch (effect.kind) {
    case 'build-distribution':
      return await buildDistribution(needs, effect.subject)
    case 'remove-artifact':
      await removeArtifact(needs, effect.subject)
      return async () => {}
    default:
      return unreachable(effect.kind)
  }
}

function giveUp(needs: EffectNeeds, effect: Effect, error: unknown): SaveOutcome {
  switch (effect.kind) {
    case 'build-distribution':
      return giveUpDistribution(needs, effect.subject, error)
    case 'remove-artifact':
      // The bytes lie there for nothing; the log names them.
      return async () => {}
    default:
      return unreachable(effect.kind)
  }
}

async function end(needs: EffectNeeds, effect: Effect, save: SaveOutcome): Promise<void> {
  await needs.database.write(async (tx) => {
    await save(tx)
    await saveEffectDone(tx, effect.id)
  })
}

async function putOff(needs: EffectNeeds, effect: Effect, error: unknown): Promise<void> {
  const facts = { effect: effect.kind, subject: effect.subject, attempts: effect.attempts }
  const chain = causeChain(error)
  // What is no fault is a bug of ours: the same code would fail in the same way.
  const isWorthwhile = error instanceof Fault && error.retry === 'later'
  if (!isWorthwhile || effect.attempts >= ATTEMPTS_MAX) {
    needs.log.error({ ...facts, error: chain }, 'an effect was given up')
    await end(needs, effect, giveUp(needs, effect, error))
    return
  }
  const restMs = Math.min(BACK_OFF_MS * 2 ** (effect.attempts - 1), BACK_OFF_MS_MAX)
  needs.log.warn({ ...facts, error: chain, restMs }, 'an effect failed and is tried again')
  const dueAt = needs.clock.now() + restMs
  const failure = { id: effect.id, error: chain.join(': '), dueAt }
  await needs.database.write((tx) => saveEffectFailed(tx, failure))
}
