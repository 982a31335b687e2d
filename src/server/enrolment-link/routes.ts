/**
 * The enrolment link of a distribution for Android (src/pack/enrolment-link.ts): a page for a
 * phone's browser, and what it offers. No key: the link is derived from the enrolment token, and
 * dies with it. Whatever is wrong with a link, the answer is the same.
 */
import { equalInConstantTime } from '../../base/digest.ts'
import { type DistributionId, isId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Distribution } from '../../domain/distribution/distribution.ts'
import { enrolmentPath, LINKED_FILES, linkSecret } from '../../pack/enrolment-link.ts'
import { provisioningIn } from '../../pack/qr/qr.ts'
import { writers } from '../../pack/writers.ts'
import { loadDistribution } from '../../store/distributions.ts'
import type { InstanceSecret } from '../../store/secret.ts'
import { enrolmentToken } from '../enrolment-token.ts'
import { contentAnswer } from '../http/content-answer.ts'
import { type HttpAnswer, type HttpRequest, type HttpRoute, jsonAnswer } from '../http/exchange.ts'
import { failureOf } from '../http/fault-answer.ts'
import { findPackage, type PackageNeeds, segmentsOf, sha256Of } from '../stored-package.ts'
import { LINK_HEADERS, pageAnswer } from './page.ts'

export type EnrolmentLinkNeeds = PackageNeeds & {
  readonly secret: InstanceSecret
  readonly settings: { readonly publicUrl: string }
  readonly log: Log
}

export function enrolmentLinkRoutes(needs: EnrolmentLinkNeeds): readonly HttpRoute[] {
  const route = (path: string, answer: Answer): HttpRoute => ({
    methods: ['GET', 'HEAD'],
    path,
    logLevel: 'info',
    hasSecretPath: true,
    answer: (request) => answered(needs, request, { path, answer }),
  })
  return [
    route('/enrol/:distribution/:secret', answerPage),
    route('/enrol/:distribution/:secret/:file', answerFile),
  ]
}

type Linked = { readonly distribution: Distribution; readonly path: string }

type Answer = (
  needs: EnrolmentLinkNeeds,
  linked: Linked,
  request: HttpRequest,
) => Promise<HttpAnswer | null>

async function answered(
  needs: EnrolmentLinkNeeds,
  request: HttpRequest,
  route: { readonly path: string; readonly answer: Answer },
): Promise<HttpAnswer> {
  try {
    const linked = await findLinked(needs, request)
    const found = linked === null ? null : await route.answer(needs, linked, request)
    const told = found ?? nothingThere()
    return request.method === 'HEAD' ? { ...told, body: null } : told
  } catch (error) {
    // Best effort: what went wrong is logged with its chain, and told without it.
    const facts = { method: request.method, path: route.path }
    const { status, sentence, headers } = failureOf(error, needs.log, facts)
    return textAnswer(status, sentence, headers)
  }
}

function nothingThere(): HttpAnswer {
  return textAnswer(404, 'This link is good no more. Ask whoever gave it to you for another.')
}

function textAnswer(
  status: number,
  sentence: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  const type = { 'content-type': 'text/plain; charset=utf-8' }
  return { status, headers: { ...headers, ...LINK_HEADERS, ...type }, body: `${sentence}\n` }
}

/** Null: it is gone, or its token was revoked, or there never was such a link. */
async function findLinked(
  needs: EnrolmentLinkNeeds,
  { params }: HttpRequest,
): Promise<Linked | null> {
  const { distribution: asked = '', secret = '' } = params
  if (!isId(asked)) return null
  const id = asked as DistributionId // Its spelling was just checked.
  const distribution = await loadDistribution(needs.database.read, id)
  if (distribution?.state !== 'ready') return null
  const token = enrolmentToken(needs.secret, id, distribution.generation)
  const enrolling = { distributionId: id, token }
  if (!equalInConstantTime(secret, linkSecret(enrolling))) return null
  return { distribution, path: enrolmentPath(enrolling) }
}

async function answerPage(
  needs: EnrolmentLinkNeeds,
  { distribution, path }: Linked,
): Promise<HttpAnswer | null> {
  const { id, order } = distribution
  const found = await findPackage(needs, id, 'apk')
  if (!found.ok) return null
  const sha256 = await sha256Of(needs, id, found.value)
  const isOverTls = needs.settings.publicUrl.startsWith('https:')
  return pageAnswer({ path, name: order.name, version: order.version, sha256, isOverTls })
}

async function answerFile(
  needs: EnrolmentLinkNeeds,
  { distribution }: Linked,
  request: HttpRequest,
): Promise<HttpAnswer | null> {
  const { file } = request.params
  if (file === LINKED_FILES.apk) return await answerPackage(needs, distribution, request, 'apk')
  if (file === LINKED_FILES.code) return await answerPackage(needs, distribution, request, 'qr')
  if (file === LINKED_FILES.provisioning) return await answerProvisioning(needs, distribution)
  return null
}

async function answerPackage(
  needs: EnrolmentLinkNeeds,
  { id }: Distribution,
  request: HttpRequest,
  format: 'apk' | 'qr',
): Promise<HttpAnswer | null> {
  const found = await findPackage(needs, id, format)
  if (!found.ok) return null
  const segments = await segmentsOf(needs, id, found.value)
  // A picture is shown in the page, an app is saved.
  const fileName = format === 'apk' ? found.value.fileName : null
  const contentType = writers[format].mediaType
  const content = { segments, etag: found.value.segmentsDigest, contentType, fileName }
  const answer = contentAnswer(content, request, needs.artifacts)
  return { ...answer, headers: { ...answer.headers, ...LINK_HEADERS } }
}

async function answerProvisioning(
  needs: EnrolmentLinkNeeds,
  { id }: Distribution,
): Promise<HttpAnswer | null> {
  const found = await findPackage(needs, id, 'qr')
  if (!found.ok) return null
  const text = provisioningIn(await segmentsOf(needs, id, found.value))
  return text === null ? null : jsonAnswer(200, JSON.parse(text), LINK_HEADERS)
}
