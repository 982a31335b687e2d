import { type Digest, isDigest } from '../../base/digest.ts'
import type { Database } from '../../store/open.ts'
import { loadEnvelope, loadPublishedMember } from '../../store/releases.ts'
import type { AgentAnswer, AgentRequest, AgentRoute } from '../http/agent-route.ts'
import type { Bandwidth } from '../http/bandwidth.ts'
import type { CheckInViews } from './check-in-views.ts'
import { readCredential } from './credential.ts'
import { refusal, unauthorised } from './refusal.ts'

export type DownloadNeeds = {
  readonly database: Database
  readonly checkInViews: CheckInViews
  readonly bandwidth: Bandwidth
}

/** The signed envelope of a release, byte for byte as it was signed. */
export const manifestDoor: AgentRoute<DownloadNeeds> = {
  method: 'GET',
  path: '/agent/v1/manifests/:digest',
  bodyBytesMax: 0,
  async answer(needs, request) {
    const digest = await admit(needs, request)
    if (typeof digest !== 'string') return digest
    const envelope = await loadEnvelope(needs.database.read, digest)
    if (envelope === undefined) return refusal(404, 'manifest-unknown', 'no release has it')
    return { kind: 'bytes', status: 200, contentType: 'application/json', bytes: envelope }
  },
}

/** The stored gzip member of an artifact; ranges work, and it never changes. */
export const artifactDoor: AgentRoute<DownloadNeeds> = {
  method: 'GET',
  path: '/agent/v1/artifacts/:digest',
  bodyBytesMax: 0,
  async answer(needs, request) {
    const digest = await admit(needs, request)
    if (typeof digest !== 'string') return digest
    const member = await loadPublishedMember(needs.database.read, digest)
    if (member === undefined) return refusal(404, 'artifact-unknown', 'no release is made of it')
    const pace = await needs.bandwidth.begin()
    // Not 503: an agent would blame the proxy on its way.
    if (pace === 'full') return refusal(429, 'bandwidth-full', 'too many download now; try later')
    const segments = [{ kind: 'artifact', digest, offset: 0, length: member.size }] as const
    return { kind: 'segments', segments, etag: digest, contentType: 'application/gzip', pace }
  },
}

/** The digest that an endpoint which exists asks for; otherwise the answer that it gets. */
export async function admit(
  needs: DownloadNeeds,
  request: AgentRequest,
): Promise<Digest | AgentAnswer> {
  const credential = readCredential(request.headers.authorization)
  const digest = request.params.digest ?? ''
  if (!isDigest(digest)) return refusal(404, 'digest-malformed', 'a SHA-256 in hexadecimal')
  if (credential === null) return unauthorised()
  const found = await needs.checkInViews.run({ credential, checkIn: null })
  return found.kind === 'refused' ? unauthorised() : digest
}
