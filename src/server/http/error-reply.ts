/**
 * The one place where a "no" becomes a status and words (docs/http-status.md). Two readers want two
 * shapes, and get both: the documents type `err_code`, `err_msg`, `err_extra` at the top level as
 * strings; real clients read them inside `reply`, with a number and, for a bad field, the list of
 * field errors.
 *
 * Why the business refusals of the documented calls are 500: it is what existing clients of this
 * API know ("a unified status"). The reason code beside it says that asking again changes nothing.
 */
import { sentenceOf } from '../../contract/parse.ts'
import type { ErrorBody } from '../../contract/public/error.ts'
import type { FieldError } from '../../contract/schema.ts'
import type { Ineligible } from '../../domain/upgrade/create-upgrade-action.ts'
import { ACCESS_REFUSED } from './access-refused.ts'
import { CERTIFICATE_REFUSED } from './certificate-refused.ts'
import { ENDPOINT_REFUSED, NO_ENDPOINT } from './endpoint-refused.ts'
import { type HttpAnswer, jsonAnswer } from './exchange.ts'
import { POLICY_REFUSED } from './policy-refused.ts'
import type { ApiRefusal } from './refusal.ts'
import { ROLLOUT_REFUSED } from './rollout-refused.ts'

type Headers = Readonly<Record<string, string>>

type Refused = {
  readonly status: number
  readonly message: string
  readonly extra: string | readonly FieldError[]
  readonly headers?: Headers
  /** More for `reply`, for programs. */
  readonly told?: Readonly<Record<string, string>>
}

const BUSINESS = 'An error occurred while processing the public API request'
const LISTED_MAX = 10

export function refusalAnswer(refusal: ApiRefusal): HttpAnswer {
  const { headers = {}, told = {}, ...refused } = refusedAs(refusal)
  return errorAnswer({ ...refused, reason: refusal.code, headers, told })
}

/** For the audit log: what was wrong, for a person. */
export function refusalSentence(refusal: ApiRefusal): string {
  const { message, extra } = refusedAs(refusal)
  if (extra === '') return message
  return typeof extra === 'string' ? extra : sentenceOf(extra)
}

export function errorAnswer(error: {
  readonly status: number
  readonly message: string
  readonly extra: string | readonly FieldError[]
  readonly reason: string
  readonly headers: Headers
  readonly told?: Refused['told']
}): HttpAnswer {
  const { status, message, extra, reason, told = {} } = error
  const body = {
    err_code: String(status),
    err_msg: message,
    err_extra: typeof extra === 'string' ? extra : sentenceOf(extra),
    reply: {
      err_code: status,
      err_msg: message,
      err_extra: typeof extra === 'string' ? extra : [...extra],
      reason,
      ...told,
    },
  } satisfies ErrorBody
  return jsonAnswer(status, body, error.headers)
}

/** For faults and bugs: what happened is in the log, under the same reason. */
export function businessMessage(sentence: string): string {
  return `${BUSINESS} - ${sentence}`
}

type RefusalsByCode = {
  readonly [Code in ApiRefusal['code']]: Extract<ApiRefusal, { readonly code: Code }>
}

/** A refusal without a row here is a type error. */
const REFUSED: {
  readonly [Code in keyof RefusalsByCode]: (refusal: RefusalsByCode[Code]) => Refused
} = {
  ...ACCESS_REFUSED,
  ...ENDPOINT_REFUSED,
  ...CERTIFICATE_REFUSED,
  ...ROLLOUT_REFUSED,
  ...POLICY_REFUSED,
  'malformed-json': ({ line, column, message }) => {
    const where = `{"line": ${line}, "column": ${column}, "message": ${JSON.stringify(message)}}`
    return { status: 400, message: where, extra: 'the body is not valid JSON' }
  },
  'invalid-request': ({ errors }) => invalid(errors),
  'body-too-large': ({ limitBytes }) => {
    const extra = `the body is larger than ${limitBytes} bytes`
    return { status: 413, message: 'Request entity too large', extra }
  },
  'body-too-slow': ({ limitMs }) => {
    const extra = `the body did not arrive within ${limitMs / 1000} seconds`
    return { status: 408, message: 'Request timeout', extra }
  },
  unauthorised: () => {
    return { status: 401, message: 'Public API request unauthorized', extra: '' }
  },
  forbidden: ({ permission }) => {
    const extra = `the API key lacks the permission ${permission}`
    return { status: 403, message: 'Public API request forbidden', extra }
  },
  'scope-too-narrow': () => {
    const extra = 'this holds for endpoints that are outside the scope of the API key, too'
    return { status: 403, message: 'Public API request forbidden', extra }
  },
  'link-invalid': ({ isExpired }) => {
    const what = isExpired ? 'has expired' : 'is not one of this server'
    const extra = `this link ${what}: ask get_dist_url for another`
    return { status: 403, message: 'The link is not valid', extra }
  },
  'route-unknown': ({ path }) => {
    return { status: 404, message: 'Not found', extra: `there is nothing at ${path}` }
  },
  'method-not-allowed': (refusal) => {
    const allow = refusal.allowed.join(', ')
    const extra = `only ${allow} can be used here`
    return { status: 405, message: 'Method not allowed', extra, headers: { allow } }
  },
  'distribution-unknown': ({ distributionId }) =>
    unknown(`there is no distribution ${distributionId}`),
  'distribution-not-ready': ({ state, message }) => {
    const extra = `the distribution is ${state}${message === null ? '' : `: ${message}`}`
    return { status: 409, message: 'The distribution is not ready', extra }
  },
  'package-not-in-distribution': ({ packageType, supported }) => {
    const why = packageType === 'x86' ? ' (there is no agent for 32-bit Windows)' : ''
    const msg = `this distribution has no ${packageType}${why}; it has ${supported.join(', ')}`
    return invalidField(['package_type'], msg)
  },
  'action-unknown': ({ actionId }) => unknown(`there is no action ${actionId}`),
  'too-many-verifications': ({ limit }) => {
    const extra = `${limit} verifications of the audit log are under way here: ask again later`
    return { status: 429, message: 'Rate limit exceeded', extra, headers: { 'retry-after': '5' } }
  },
  'too-many-streams': ({ limit, of }) => {
    const extra = `this ${of} has ${limit} open event streams, and may have no more`
    return { status: 429, message: 'Rate limit exceeded', extra, headers: { 'retry-after': '10' } }
  },
  'digest-mismatch': ({ expected, actual }) => {
    const msg = `the body's SHA-256 is ${actual}, not ${expected}`
    return invalid([{ type: 'digest_mismatch', loc: ['body'], msg }])
  },
  'nothing-eligible': ({ ineligible }) => business(nothingEligible(ineligible)),
  'strict-window-too-short': ({ windowMinutes, probationMinutes }) => {
    const field = 'upgrade_timeframe_window.strict_end'
    const message = `${field}: the window is open for ${windowMinutes} minutes at a time`
    const extra = `a new version may take ${probationMinutes} to prove itself: none could begin`
    return { status: 400, message, extra }
  },
  'canary-below-cluster': ({ canary, smallest }) => {
    const clusters = `the smallest cluster has ${smallest} endpoints, which move together`
    const message = `rollout.canary: at least ${smallest}`
    return { status: 400, message, extra: `a canary of ${canary} has room for none: ${clusters}` }
  },
  'distribution-name-taken': ({ name, distributionId }) => {
    const extra = `distribution ${distributionId} has the name '${name}' and another content`
    const told = { distribution_id: distributionId }
    return { status: 409, message: 'The name is taken', extra, told }
  },
  'nothing-released': ({ platform }) =>
    business(`no agent version has been released for ${platform} yet`),
  'release-withdrawn': ({ version }) =>
    invalidField(['agent_version'], `version ${version} was withdrawn`),
  'version-not-released': versionNotReleased,
  'release-unknown': () => unknown('there is no such release'),
  'path-repeated': ({ path }) => {
    const msg = `the path ${path} is there twice (letter case does not tell paths apart)`
    return invalidField(['files'], msg)
  },
  'agent-entry-missing': ({ entry }) =>
    invalidField(['files'], `there is no ${entry} among the files`),
  'android-takes-no-payload': ({ path }) =>
    invalidField(['files'], `a release for Android is agent.apk alone, without ${path}`),
  'payload-program-missing': ({ path }) =>
    invalidField(['payload', 'run'], `its program ${path} is not among the files`),
  'payload-program-not-executable': ({ path }) =>
    invalidField(['payload', 'run'], `its program ${path} is not executable`),
  'manifest-too-large': ({ bytes, limitBytes }) => {
    const msg = `their manifest has ${bytes} bytes, and agents read at most ${limitBytes}`
    return invalidField(['files'], msg)
  },
  'artifact-not-uploaded': ({ digests }) => {
    const extra = `upload these first: ${listed(digests)}`
    return { status: 409, message: 'Some artifacts have not been uploaded', extra }
  },
  'critical-environment-disabled': ({ platform, version }) => {
    const place = platform === null ? ['agent_version'] : ['target_versions', platform]
    const why = 'is for critical environments, which are disabled'
    return invalidField(place, `version ${version} ${why}`)
  },
  'retention-too-short': ({ lostAfterDays, deletedAfterDays }) => {
    const lost = `license_revocation_after_lost_connection (${lostAfterDays})`
    const msg = `it must exceed ${lost}, not be ${deletedAfterDays}`
    return invalidField(['agent_deletion_retention'], msg)
  },
  'action-types-too-many': ({ most }) =>
    invalid([{ type: 'too_big', loc: ['request_data'], msg: `at most ${most} types of action` }]),
  'duplicate-mark-missing': () => {
    const msg = 'choose at least one of host_name, ip and mac'
    return invalidField(['periodic_duplicate_cleanup'], msg)
  },
  'version-exists-with-other-content': ({ manifestDigest }) => {
    const extra = `it is release ${manifestDigest}; publish under another version`
    return { status: 409, message: 'The version exists with other content', extra }
  },
}

function refusedAs<Code extends keyof RefusalsByCode>(refusal: RefusalsByCode[Code]): Refused {
  const code: Code = refusal.code
  return REFUSED[code](refusal)
}

function versionNotReleased(
  refusal: Extract<ApiRefusal, { readonly code: 'version-not-released' }>,
): Refused {
  const { platform, version } = refusal
  const sentence = `version ${version} has not been released for ${platform}`
  // Only the create call knows what there is; the upgrade call names its target by platform.
  if (!('released' in refusal)) return invalidField(['target_versions', platform], sentence)
  const known = refusal.released.length === 0 ? 'nothing' : listed(refusal.released)
  return invalidField(['agent_version'], `${sentence}; released: ${known}`)
}

function nothingEligible(ineligible: readonly Ineligible[]): string {
  const sentence = NO_ENDPOINT
  const reasons = Map.groupBy(ineligible, (each) => each.reason)
  const counts = [...reasons].map(([reason, endpoints]) => `${reason}: ${endpoints.length}`)
  return counts.length === 0 ? sentence : `${sentence} (${counts.join(', ')})`
}

function business(sentence: string): Refused {
  return { status: 500, message: businessMessage(sentence), extra: sentence }
}

function unknown(extra: string): Refused {
  return { status: 404, message: 'Not found', extra }
}

function invalidField(place: readonly string[], msg: string): Refused {
  return invalid([{ type: 'value_error', loc: ['request_data', ...place], msg }])
}

function invalid(errors: readonly FieldError[]): Refused {
  return { status: 400, message: sentenceOf(errors), extra: errors }
}

function listed(items: readonly string[]): string {
  const more = items.length - LISTED_MAX
  const shown = items.slice(0, LISTED_MAX).join(', ')
  return more > 0 ? `${shown} and ${more} more` : shown
}
