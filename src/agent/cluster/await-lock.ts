/**
 * The launcher's lock in a pod. On a machine a second launcher is a mistake and ends; in a cluster
 * the pod of a new image stands beside the old one for a while, with the same state folder, and its
 * turn comes when that one has ended. So it shows that it can start, says so, and waits.
 */
import type { Clock } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import type { TrustedKey } from '../../trust/keys.ts'
import type { Layout } from '../layout.ts'
import { readManifest, verifyVersion } from '../version-directory.ts'
import { notePodState, type PodState } from './readiness.ts'

/** How long nobody runs between two pods of a node, at most, beside their own times. */
const TRY_EVERY_MS = 500

export type AwaitLockNeeds = {
  readonly layout: Layout
  readonly trustedKeys: readonly TrustedKey[]
  readonly clock: Clock
  readonly log: Log
  takeLock(path: string): Promise<boolean>
  /** The pod is being ended. */
  isStopping(): boolean
}

/** False when it was told to stop before its turn came. */
export async function awaitLock(needs: AwaitLockNeeds): Promise<boolean> {
  const { layout, clock, log } = needs
  let isTold = false
  while (!needs.isStopping()) {
    if (await needs.takeLock(layout.lock)) {
      note(needs, { launcher: 'holding' })
      return true
    }
    if (!isTold && (await isImageGood(needs))) {
      log.info({ state: layout.state }, 'waiting for the pod before this one to end')
      note(needs, { launcher: 'waiting' })
    }
    isTold = true
    await clock.sleep(TRY_EVERY_MS).done
  }
  return false
}

function note({ layout, log }: AwaitLockNeeds, state: PodState): void {
  try {
    notePodState(layout, state)
  } catch (error) {
    // Best effort: the agent works without; its pod is not called ready, which people see.
    log.error(
      { path: layout.podState, chain: causeChain(error) },
      'this pod cannot say it is ready',
    )
  }
}

/** Every byte: once the pod before has ended, there is only its state to go back to. */
async function isImageGood({ layout, trustedKeys, log }: AwaitLockNeeds): Promise<boolean> {
  const seed = readManifest(layout.seed, trustedKeys)
  const expected = seed.ok ? ({ digest: seed.value.digest, depth: 'whole' } as const) : null
  const verified = expected && (await verifyVersion(layout.seed, expected, trustedKeys))
  if (verified?.ok) return true
  log.error({ seed: layout.seed }, 'the version of this image cannot be used: the pod before stays')
  return false
}
