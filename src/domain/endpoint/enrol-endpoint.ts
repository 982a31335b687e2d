import type { Digest } from '../../base/digest.ts'
import type { DistributionId, EndpointId, RunId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
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
  readonly distribution: { readonly acceptsEnrolments: boolean } | null
  /** Endpoints with the same machine id that are not deleted, last seen first. */
  readonly sameMachine: readonly KnownMachine[]
}

export type KnownMachine = {
  readonly id: EndpointId
  readonly hostname: string
  readonly macAddresses: readonly string[]
}

/** In order of precedence: the first that applies is the answer. */
export type EnrolEndpointRefusal =
  | { readonly code: 'enrolment-token-unknown' }
  | { readonly code: 'distribution-withdrawn' }

export type EndpointEnrolled = {
  readonly endpointId: EndpointId
  /**
   * True when the machine was known: its endpoint gets a new credential and the old one stops
   * working.
   */
  readonly isReturning: boolean
}

export function decideEnrolEndpoint(
  view: EnrolEndpointView,
  command: EnrolEndpoint,
): Result<EndpointEnrolled, EnrolEndpointRefusal> {
  if (view.distribution === null) return refuse({ code: 'enrolment-token-unknown' })
  if (!view.distribution.acceptsEnrolments) return refuse({ code: 'distribution-withdrawn' })
  const known = command.isCopy
    ? undefined
    : view.sameMachine.find((machine) => isSameMachine(machine, command.facts))
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
