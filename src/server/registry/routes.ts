/**
 * A registry that clients can pull from, and nothing else (OCI distribution 1.1, "Pull" and
 * "Listing Tags"): `podman`, `docker`, `skopeo` and what runs pods. One repository, one tag for
 * each version. Everything named by a digest is answered for as long as its release is there.
 */
import { type Digest, isDigest } from '../../base/digest.ts'
import type { Log } from '../../base/log.ts'
import { MEDIA_TYPES } from '../../pack/oci/media-types.ts'
import { listImageVersions, loadImageBlob, type StoredImageBlob } from '../../store/images.ts'
import { paced } from '../http/agent-edge.ts'
import type { Bandwidth } from '../http/bandwidth.ts'
import { contentAnswer } from '../http/content-answer.ts'
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpRoute,
  headerOf,
  jsonAnswer,
} from '../http/exchange.ts'
import { failureOf } from '../http/fault-answer.ts'
import type { ArtifactBytes } from '../http/segment-stream.ts'
import { segmentsFromText } from '../stored-segments.ts'
import { digestOfTag, type ImageNeeds } from './image-for.ts'
import { REPOSITORY } from './image-reference.ts'
import { type AccessNeeds, refuseStranger } from './registry-access.ts'
import { REGISTRY_HEADERS, registryError } from './registry-error.ts'

export type RegistryNeeds = AccessNeeds &
  ImageNeeds & {
    readonly artifacts: ArtifactBytes
    readonly bandwidth: Bandwidth
    readonly log: Log
  }

/** Of tags at once, whatever is asked for. */
const TAGS_MAX = 1_000
const MANIFESTS: readonly string[] = [MEDIA_TYPES.index, MEDIA_TYPES.manifest]

export function registryRoutes(needs: RegistryNeeds): readonly HttpRoute[] {
  const route = (path: string, answer: Answer): HttpRoute => ({
    methods: ['GET', 'HEAD'],
    path,
    logLevel: 'info',
    answer: (request) => answered(needs, request, answer),
  })
  return [
    route('/v2', async () => jsonAnswer(200, {}, REGISTRY_HEADERS)),
    route('/v2/:folder/:name/manifests/:reference', inRepository(answerManifest)),
    route('/v2/:folder/:name/blobs/:digest', inRepository(answerBlob)),
    route('/v2/:folder/:name/tags/list', inRepository(answerTags)),
  ]
}

type Answer = (needs: RegistryNeeds, request: HttpRequest) => Promise<HttpAnswer>

async function answered(
  needs: RegistryNeeds,
  request: HttpRequest,
  answer: Answer,
): Promise<HttpAnswer> {
  try {
    const told = (await refuseStranger(needs, request)) ?? (await answer(needs, request))
    return request.method === 'HEAD' ? { ...told, body: null } : told
  } catch (error) {
    // Best effort: what went wrong is logged with its chain, and told without it.
    const facts = { method: request.method, path: request.path }
    const { status, sentence, headers } = failureOf(error, needs.log, facts)
    return registryError(status === 503 ? 'UNAVAILABLE' : 'UNKNOWN', sentence, headers)
  }
}

function inRepository(answer: Answer): Answer {
  return async (needs, request) => {
    const { folder, name } = request.params
    if (`${folder}/${name}` === REPOSITORY) return await answer(needs, request)
    return registryError('NAME_UNKNOWN', `there is one repository here, ${REPOSITORY}`)
  }
}

/** By a tag, or by the digest of an index or of a manifest for one processor. */
async function answerManifest(needs: RegistryNeeds, request: HttpRequest): Promise<HttpAnswer> {
  const { reference = '' } = request.params
  const digest = reference.includes(':') ? digestIn(reference) : await digestOfTag(needs, reference)
  const blob = digest === null ? null : await loadImageBlob(needs.database.read, digest)
  if (blob === null || !MANIFESTS.includes(blob.mediaType)) {
    return registryError('MANIFEST_UNKNOWN', 'no image has this name')
  }
  if (!takes(headerOf(request.headers, 'accept'), blob.mediaType)) {
    // As Docker's registry answers: a client that cannot read it has not found what it asked for.
    const message = `it is an ${blob.mediaType}, which this client does not accept`
    return registryError('MANIFEST_UNKNOWN', message)
  }
  return contentOf(needs, request, { ...blob, contentType: blob.mediaType })
}

/** Layers and configurations. */
async function answerBlob(needs: RegistryNeeds, request: HttpRequest): Promise<HttpAnswer> {
  const digest = digestIn(request.params.digest ?? '')
  if (digest === null) return registryError('DIGEST_INVALID', 'sha256: and 64 digits of it')
  const blob = await loadImageBlob(needs.database.read, digest)
  if (blob === null || MANIFESTS.includes(blob.mediaType)) {
    return registryError('BLOB_UNKNOWN', 'no image has it')
  }
  const content = contentOf(needs, request, { ...blob, contentType: 'application/octet-stream' })
  if (request.method === 'HEAD' || blob.mediaType !== MEDIA_TYPES.layer) return content
  const pace = await needs.bandwidth.begin()
  if (pace === 'full') return registryError('TOOMANYREQUESTS', 'too many download now; try later')
  return paced(content, pace)
}

function contentOf(
  needs: RegistryNeeds,
  request: HttpRequest,
  blob: StoredImageBlob & { readonly contentType: string },
): HttpAnswer {
  const segments = segmentsFromText(blob.segments)
  const { digest, contentType } = blob
  const content = { segments, etag: digest, contentType, fileName: null }
  const answer = contentAnswer(content, request, needs.artifacts)
  const named = { ...REGISTRY_HEADERS, 'docker-content-digest': `sha256:${digest}` }
  return { ...answer, headers: { ...answer.headers, ...named } }
}

async function answerTags(needs: RegistryNeeds, request: HttpRequest): Promise<HttpAnswer> {
  const asked = request.query.get('n') ?? String(TAGS_MAX)
  if (!/^\d{1,9}$/.test(asked)) {
    return registryError('PAGINATION_NUMBER_INVALID', 'n is how many tags are wanted at most')
  }
  const limit = Math.min(Number(asked), TAGS_MAX)
  // No database takes U+0000, and no tag has it: what is behind it is behind what stands before it.
  const [after = ''] = (request.query.get('last') ?? '').split('\0', 1)
  const page = { after, limit: limit + 1 }
  const found = await listImageVersions(needs.database.read, page)
  const tags = found.slice(0, limit)
  const last = tags.at(-1)
  const next = `</v2/${REPOSITORY}/tags/list?n=${limit}&last=${last}>; rel="next"`
  const more = found.length > limit && last !== undefined ? { link: next } : {}
  return jsonAnswer(200, { name: REPOSITORY, tags }, { ...REGISTRY_HEADERS, ...more })
}

function digestIn(reference: string): Digest | null {
  const digest = reference.startsWith('sha256:') ? reference.slice('sha256:'.length) : ''
  return isDigest(digest) ? digest : null
}

/** RFC 9110, 12.5.1, without weights: there is one form of everything. */
function takes(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined) return true
  const named = accept.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase())
  return ['*/*', 'application/*', mediaType].some((wanted) => named.includes(wanted))
}
