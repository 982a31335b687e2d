import { describe, expect, it } from 'vitest'
import { type Digest, digestOf } from '../../base/digest.ts'
import type { EndpointId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import { errorBody } from '../../contract/public/error.ts'
import { refusalAnswer } from './error-reply.ts'
import type { ApiRefusal } from './refusal.ts'

const version = '1.2.3.4' as AgentVersion
const digest: Digest = digestOf('x')
const endpointId = 'e'.repeat(32) as EndpointId

function bodyOf(refusal: ApiRefusal) {
  return errorBody.parse(JSON.parse(String(refusalAnswer(refusal).body)))
}

describe('every refusal has its status, in both places', () => {
  const rows: [ApiRefusal, number][] = [
    [{ code: 'malformed-json', line: 1, column: 2, message: 'x' }, 400],
    [
      {
        code: 'invalid-request',
        errors: [{ type: 'missing', loc: ['request_data'], msg: 'Field required' }],
      },
      400,
    ],
    [{ code: 'body-too-large', limitBytes: 5 }, 413],
    [{ code: 'body-too-slow', limitMs: 30_000 }, 408],
    [{ code: 'unauthorised' }, 401],
    [{ code: 'forbidden', permission: 'releases.edit' }, 403],
    [{ code: 'link-invalid', isExpired: true }, 403],
    [{ code: 'route-unknown', path: '/x' }, 404],
    [{ code: 'method-not-allowed', allowed: ['GET', 'HEAD'] }, 405],
    [{ code: 'distribution-unknown', distributionId: 'x' }, 404],
    [{ code: 'distribution-not-ready', state: 'failed', message: 'why' }, 409],
    [{ code: 'package-not-in-distribution', packageType: 'rpm', supported: ['deb'] }, 400],
    [{ code: 'action-unknown', actionId: 7 }, 404],
    [{ code: 'last-live-key' }, 409],
    [{ code: 'licence-missing', feature: 'upgrades' }, 402],
    [{ code: 'not-in-this-product', call: 'xql/start' }, 501],
    [{ code: 'beyond-own-permissions', missing: ['access.edit'] }, 403],
    [{ code: 'beyond-own-permissions', missing: [] }, 403],
    [{ code: 'expiration-past' }, 400],
    [{ code: 'key-unknown', id: 3 }, 404],
    [{ code: 'role-unknown', names: ['x'] }, 404],
    [{ code: 'user-unknown', emails: ['x'] }, 404],
    [{ code: 'group-unknown', names: ['x'] }, 404],
    [{ code: 'role-exists', name: 'x' }, 409],
    [{ code: 'user-exists', email: 'x' }, 409],
    [{ code: 'role-built-in', name: 'x' }, 409],
    [{ code: 'role-in-use', name: 'x', keys: 1, users: 0, groups: 0 }, 409],
    [{ code: 'limit-reached', what: 'roles', most: 5 }, 409],
    [{ code: 'digest-mismatch', expected: 'a', actual: 'b' }, 400],
    [{ code: 'nothing-eligible', ineligible: [] }, 500],
    [{ code: 'nothing-released', platform: 'linux' }, 500],
    [{ code: 'strict-window-too-short', windowMinutes: 5, probationMinutes: 6 }, 400],
    [{ code: 'version-not-released', platform: 'linux', version, released: [] }, 400],
    [{ code: 'version-not-released', platform: 'linux', version }, 400],
    [{ code: 'release-withdrawn', version }, 400],
    [{ code: 'path-repeated', path: 'a' }, 400],
    [{ code: 'agent-entry-missing', entry: 'agent.mjs' }, 400],
    [{ code: 'android-takes-no-payload', path: 'payload/x' }, 400],
    [{ code: 'payload-program-missing', path: 'payload/x' }, 400],
    [{ code: 'payload-program-not-executable', path: 'payload/x' }, 400],
    [{ code: 'artifact-not-uploaded', digests: [digest] }, 409],
    [{ code: 'version-exists-with-other-content', manifestDigest: digest }, 409],
  ]
  it.each(rows)('%o is %i', (refusal, status) => {
    const body = bodyOf(refusal)
    expect(refusalAnswer(refusal).status).toBe(status)
    expect(body.err_code).toBe(String(status))
    expect(body.reply).toMatchObject({
      err_code: status,
      err_msg: body.err_msg,
      reason: refusal.code,
    })
    // A refusal that stays wrong must not look like one that passes.
    expect(refusalAnswer(refusal).headers['retry-after']).toBeUndefined()
  })
})

it('a key that asks too often is told when it may again', () => {
  const answer = refusalAnswer({ code: 'rate-limited', retryAfterS: 3 })
  expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '3' } })
  expect(String(answer.body)).toContain('"err_msg":"Rate limit exceeded"')
})

describe('the words', () => {
  it('of malformed JSON are the documented object, as a string', () => {
    const body = bodyOf({ code: 'malformed-json', line: 1, column: 19, message: "found '\"'" })
    expect(body.err_msg).toBe(`{"line": 1, "column": 19, "message": "found '\\"'"}`)
    expect(JSON.parse(body.err_msg)).toEqual({ line: 1, column: 19, message: "found '\"'" })
  })

  it('of bad fields name the first, and list all of them inside reply', () => {
    const errors = [
      { type: 'missing', loc: ['request_data', 'name'], msg: 'Field required' },
      { type: 'value_error', loc: ['request_data', 'proxy', 0], msg: 'a proxy as host:port' },
    ]
    const body = bodyOf({ code: 'invalid-request', errors })
    expect(body.err_msg).toBe('request_data.name: Field required (and 1 more)')
    expect(body.reply.err_extra).toEqual(errors)
  })

  it('of an action for nobody are the known sentence, with the reasons counted', () => {
    const ineligible = (reason: 'unknown-endpoint' | 'already-at-version') =>
      ({ kind: 'ineligible', endpointId, reason, platform: null }) as const
    const each = [
      ineligible('unknown-endpoint'),
      ineligible('already-at-version'),
      ineligible('unknown-endpoint'),
    ]
    const counted = '(unknown-endpoint: 2, already-at-version: 1)'
    expect(bodyOf({ code: 'nothing-eligible', ineligible: each }).err_extra).toBe(
      `No endpoint was found for creating the requested action ${counted}`,
    )
  })

  it('name the field that each call calls it by', () => {
    const create = bodyOf({
      code: 'version-not-released',
      platform: 'linux',
      version,
      released: [version],
    })
    const upgrade = bodyOf({ code: 'version-not-released', platform: 'linux', version })
    expect(create.reply.err_extra).toMatchObject([{ loc: ['request_data', 'agent_version'] }])
    expect(upgrade.reply.err_extra).toMatchObject([
      { loc: ['request_data', 'target_versions', 'linux'] },
    ])
  })
})
