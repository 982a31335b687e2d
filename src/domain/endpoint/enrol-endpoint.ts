import type { Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import type { DistributionId, EndpointId, RunId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { EnrolmentLimits } from '../distribution/distribution.ts'
import type { EndpointFacts } from './endpoint.ts'

export type EnrolEndpoint = {
  readonly newEndpointId: EndpointId
  readonly distributionId: DistributionId
  readonly runId: RunId
  readonly facts: EndpointFacts
  readonly factsDigest: Digest
  /** SHA-256 of the credential the endpoint is about to get. */
  readonly credentialDigest: Digest
  /** The agent knows that its state was copied: it must not get the old endpoint back. */
  readonly isCopy: boolean
}

export type EnrolEndpointView = {
  /** Null when there is no such distribution, or its token does not match. */
  readonly distribution: EnrolmentDistribution | null
  /** Endpoints with the same machine id that are not deleted, last seen first. */
  readonly sameMachine: readonly KnownMachine[]
}

export type EnrolmentDistribution =
  | { readonly kind: 'token-revoked' }
  | { readonly kind: 'withdrawn' }
  | {
      readonly kind: 'open'
      readonly limits: EnrolmentLimits
      /** How many endpoints it has; asked only where that is limited. */
      readonly endpointsCount: number
    }

export type KnownMachine = {
  readonly id: EndpointId
  /** With which it enrolled last. */
  readonly distributionId: DistributionId
  readonly hostname: string
  readonly macAddresses: readonly string[]
}

/** In order of precedence: the first that applies is the answer. */
export type EnrolEndpointRefusal =
  | { readonly code: 'enrolment-token-unknown' }
  | { readonly code: 'enrolment-token-revoked' }
  | { readonly code: 'distribution-withdrawn' }
  | { readonly code: 'enrolment-expired' }
  | { readonly code: 'enrolment-limit-reached' }

export type EndpointEnrolled = {
  readonly endpointId: EndpointId
  /**
   * True when the machine was known: its endpoint gets a new credential and the old one stops
   * working.
   */
  readonly isReturning: boolean
}

/**
 * Limits keep new endpoints out. A machine that the distribution has already is none: it comes back
 * after the last day, and counts once; one that enrolled with another distribution is new to it.
 */
export function decideEnrolEndpoint(
  view: EnrolEndpointView,
  command: EnrolEndpoint,
  now: Instant,
): Result<EndpointEnrolled, EnrolEndpointRefusal> {
  const { distribution } = view
  if (distribution === null) return refuse({ code: 'enrolment-token-unknown' })
  if (distribution.kind === 'token-revoked') return refuse({ code: 'enrolment-token-revoked' })
  if (distribution.kind === 'withdrawn') return refuse({ code: 'distribution-withdrawn' })
  const known = command.isCopy
    ? undefined
    : view.sameMachine.find((machine) => isSameMachine(machine, command.facts))
  if (known?.distributionId !== command.distributionId) {
    const { endpointsMax, until } = distribution.limits
    if (until !== null && now >= until) return refuse({ code: 'enrolment-expired' })
    if (endpointsMax !== null && distribution.endpointsCount >= endpointsMax) {
      return refuse({ code: 'enrolment-limit-reached' })
    }
  }
  if (known === undefined) return accept({ endpointId: command.newEndpointId, isReturning: false })
  return accept({ endpointId: known.id, isReturning: true })
}

/**
 * A machine id alone is not enough: virtual machines cloned from one image share it. The same host
 * name, or a network card in common, makes it the same machine.
 */
function isSameMachine(known: KnownMachine, facts: EndpointFacts): boolean {
  if (facts.machineId === '') return false
  if (known.hostname === facts.hostname) return true
  return known.macAddresses.some((address) => facts.macAddresses.includes(address))
}
