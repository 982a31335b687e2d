/**
 * The agent asks for another version. Everything about the request is checked here, before anything
 * changes: a bad request costs the running version nothing. Who asks is our own agent, but perhaps
 * a broken one.
 */
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { LAUNCHER_PROTOCOL } from '../../contract/manifest.ts'
import type { TrustedKey } from '../../trust/keys.ts'
import { type Layout, versionFolder } from '../layout.ts'
import { isDiskFull } from '../machine/files.ts'
import { verifyVersion } from '../version-directory.ts'
import type { SwitchRequest } from './control.ts'
import { type Slots, saveSlots, switched } from './slots.ts'

export type SwitchRefusal = { readonly reason: string; readonly message: string }

export type SwitchNeeds = {
  readonly layout: Layout
  readonly trustedKeys: readonly TrustedKey[]
  readonly log: Log
}

/**
 * Verifies the version whole and writes the slots with it on probation. Accepted means written: the
 * old version is still running and is to be stopped now.
 */
export async function beginSwitch(
  needs: SwitchNeeds,
  slots: Slots,
  request: SwitchRequest,
): Promise<Result<Slots, SwitchRefusal>> {
  const { manifest_digest } = request
  const refusal = checkSlots(slots, manifest_digest)
  if (refusal !== null) return refuse(refusal)
  try {
    const folder = versionFolder(needs.layout, manifest_digest)
    const expected = { digest: manifest_digest, depth: 'whole' } as const
    const verified = await verifyVersion(folder, expected, needs.trustedKeys)
    if (!verified.ok) return refuse({ reason: 'damaged', message: describe(verified.refusal) })
    const { version, launcher_protocol } = verified.value.manifest
    if (launcher_protocol > LAUNCHER_PROTOCOL) {
      return refuse({ reason: 'launcher-too-old', message: 'the version needs a newer launcher' })
    }
    const probationOf = { attemptId: request.attempt_id, probationS: request.probation_s }
    const next = switched(slots, { manifest_digest, version }, probationOf)
    saveSlots(needs.layout.slots, next)
    return accept(next)
  } catch (error) {
    needs.log.error({ chain: causeChain(error) }, 'the switch was not made')
    const reason = isDiskFull(error) ? 'disk-full' : 'not-switched'
    return refuse({ reason, message: 'the switch could not be written down' })
  }
}

/** In order of precedence. */
function checkSlots(slots: Slots, digest: string): SwitchRefusal | null {
  if (slots.probation !== null) {
    return { reason: 'on-probation', message: 'a version is on probation' }
  }
  if (slots.active?.manifest_digest === digest) {
    return { reason: 'already-active', message: 'this version is the active one' }
  }
  const skip = slots.skip.find((each) => each.manifest_digest === digest)
  if (skip === undefined) return null
  return { reason: 'failed-before', message: `this version failed here before: ${skip.reason}` }
}

function describe(refusal: { readonly code: string; readonly path?: string }): string {
  return refusal.path === undefined ? refusal.code : `${refusal.code}: ${refusal.path}`
}
