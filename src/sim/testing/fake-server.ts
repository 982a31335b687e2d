/**
 * A server of the agent API as a plain function, for tests of the machine half: it keeps what it
 * was told and orders one version for everybody. It has no rules of its own.
 */
import { fromUtf8 } from '../../base/bytes.ts'
import {
  type CheckInRequest,
  checkInRequest,
  type Instruction,
} from '../../contract/agent/check-in.ts'
import { enrolRequest } from '../../contract/agent/enrol.ts'
import type { Installation } from '../../contract/agent/installation.ts'
import { type HttpAnswer, jsonAnswer } from '../../server/http/exchange.ts'
import { newSigningKey } from '../../trust/keys.ts'
import type { SimVersion } from '../bad-versions.ts'
import type { Chance } from '../chance.ts'
import type { Package } from '../machine/install.ts'
import type { WireRequest } from '../network/network.ts'
import { type SimRelease, sealRelease } from '../release.ts'

type Ordered = { readonly release: SimRelease; readonly attemptOf: Map<string, string> }

export class FakeServer {
  /** Check-ins, each with who sent it. */
  readonly checkIns: { readonly endpointId: string; readonly request: CheckInRequest }[] = []
  /** How each attempt ended, by its id. */
  readonly ends = new Map<string, { readonly phase: string; readonly reason: string | null }>()
  readonly #key
  readonly #releases = new Map<string, SimRelease>()
  readonly #endpoints = new Map<string, string>()
  readonly #intervalS: number
  #ordered: Ordered | null = null
  #attempts = 0
  probationS = 300

  constructor(chance: Chance, intervalS = 60) {
    this.#key = newSigningKey(chance)
    this.#intervalS = intervalS
  }

  publish(version: SimVersion): SimRelease {
    const release = sealRelease(version, this.#key)
    this.#releases.set(release.digest, release)
    return release
  }

  packageOf(release: SimRelease): Package {
    const { keyId, publicKey } = this.#key
    const installation: Installation = {
      schema: 1,
      server_url: 'http://server',
      distribution_id: 'd'.repeat(32),
      token: 'token',
      proxy: [],
      endpoint_tags: [],
      trusted_keys: [{ key_id: keyId, public_key: publicKey }],
    }
    return { seed: { envelope: release.envelope, files: release.of.files }, installation }
  }

  /** From now on every endpoint is told to upgrade to it. */
  order(release: SimRelease): void {
    this.#ordered = { release, attemptOf: new Map() }
  }

  readonly serve = async (request: WireRequest): Promise<HttpAnswer> => {
    const { path } = request
    if (path === '/agent/v1/enrol') return this.#enrol(request)
    const endpointId = /^Bearer ([0-9a-f]{32})\./.exec(request.headers.authorization ?? '')?.[1]
    if (endpointId === undefined) return jsonAnswer(401, { code: 'unauthorised', message: 'who?' })
    if (path === '/agent/v1/check-in') return this.#checkIn(endpointId, request)
    const digest = path.slice(path.lastIndexOf('/') + 1)
    if (path.startsWith('/agent/v1/manifests/'))
      return bytesAnswer(this.#releases.get(digest)?.envelope)
    const artifact = [...this.#releases.values()].map((each) => each.artifacts.get(digest))
    return bytesAnswer(artifact.find(Boolean), request.headers.range)
  }

  #enrol(request: WireRequest): HttpAnswer {
    const { facts } = enrolRequest.parse(JSON.parse(fromUtf8(request.body)))
    const known = this.#endpoints.get(facts.machine_id) ?? hex(this.#endpoints.size + 1, 32)
    this.#endpoints.set(facts.machine_id, known)
    return jsonAnswer(200, { endpoint_id: known, credential: hex(7, 64) })
  }

  #checkIn(endpointId: string, request: WireRequest): HttpAnswer {
    const parsed = checkInRequest.parse(JSON.parse(fromUtf8(request.body)))
    this.checkIns.push({ endpointId, request: parsed })
    const { attempt } = parsed
    const hasEnded = ['succeeded', 'rolled-back', 'failed'].includes(attempt?.phase ?? '')
    if (attempt !== null && hasEnded) {
      this.ends.set(attempt.attempt_id, { phase: attempt.phase, reason: attempt.reason })
    }
    return jsonAnswer(200, {
      server_time: 0,
      interval_s: this.#intervalS,
      want_facts: false,
      acknowledged_attempt: hasEnded ? attempt?.attempt_id : null,
      instruction: this.#instructionFor(endpointId, parsed),
    })
  }

  /** Repeated until the attempt has ended; may switch who said `staged`. */
  #instructionFor(endpointId: string, { attempt }: CheckInRequest): Instruction {
    if (this.#ordered === null) return { kind: 'nothing' }
    const { release, attemptOf } = this.#ordered
    if (!attemptOf.has(endpointId)) this.#attempts += 1
    const attemptId = attemptOf.get(endpointId) ?? hex(this.#attempts, 32)
    attemptOf.set(endpointId, attemptId)
    if (this.ends.has(attemptId)) return { kind: 'nothing' }
    return {
      kind: 'upgrade',
      attempt_id: attemptId,
      version: release.of.version,
      manifest_digest: release.digest,
      start_within_s: 3600,
      probation_s: this.probationS,
      download_rate_max: null,
      retry_skipped: false,
      may_switch: attempt?.attempt_id === attemptId && attempt.phase === 'staged',
      switch_within_s: null,
    }
  }
}

function bytesAnswer(bytes: Uint8Array | undefined, range?: string): HttpAnswer {
  if (bytes === undefined) return jsonAnswer(404, { code: 'unknown', message: 'no' })
  const type = { 'content-type': 'application/octet-stream' }
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  if (start === 0) return { status: 200, headers: type, body: bytes }
  const contentRange = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
  const headers = { ...type, 'content-range': contentRange }
  return { status: 206, headers, body: bytes.subarray(start) }
}

function hex(number: number, length: number): string {
  return number.toString(16).padStart(length, '0')
}
