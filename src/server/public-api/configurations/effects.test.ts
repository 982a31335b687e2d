/** Each setting does what it says, asked through the calls that it changes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DistributionId } from '../../../base/ids.ts'
import { systemRandom } from '../../../base/random.ts'
import { instanceSecret } from '../../../store/secret.ts'
import type { PublicRoute } from '../../http/route.ts'
import { ask } from '../../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  type TestServer,
} from '../../testing/fleet.ts'
import { getActionStatusRoute } from '../actions/get-action-status.ts'
import { createDistributionRoute } from '../distributions/create.ts'
import { getVersionsRoute } from '../distributions/get-versions.ts'
import { getEndpointRoute } from '../endpoints/get-endpoint.ts'
import { upgradeEndpointsRoute } from '../endpoints/upgrade.ts'
import { actionExpirationRoutes } from './action-center-expiration.ts'
import { agentStatusRoutes } from './agent-status.ts'
import { criticalEnvironmentRoutes } from './critical-environment-versions.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let server: TestServer
let distribution: DistributionId
beforeEach(async () => {
  server = await startTestServer()
  distribution = await saveTestDistribution(server.database)
})
afterEach(() => server[Symbol.asyncDispose]())

async function told(route: PublicRoute<TestServer>, data: unknown) {
  const outcome = await ask(route, server, data)
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  return outcome.value
}

async function enrol(hostname: string) {
  const agent = await enrolTestAgent(server, distribution, hostname)
  await agent.checkIn()
  return agent.endpointId
}

describe('critical_environment_versions', () => {
  const [, set] = criticalEnvironmentRoutes
  const create = () => {
    const secret = instanceSecret(systemRandom.bytes(32), systemRandom)
    const needs = { ...server, secret, wakeWorker: () => {} }
    const order = { platform: 'linux', package_type: 'standalone' }
    return ask(createDistributionRoute, needs, {
      ...order,
      name: 'critical',
      agent_version: '1.0.100.1',
    })
  }

  it('disabled: not listed, not ordered, and no target; enabled: all of it', async () => {
    await saveTestRelease(server.database, '1.0.0.2')
    await saveTestRelease(server.database, '1.0.100.1')
    const endpoint_ids = [await enrol('web')]
    const upgrade = { endpoint_ids, target_versions: { linux: '1.0.100.1' } }
    await told(set, { enabled_critical_environment_versions: false })
    expect(await told(getVersionsRoute, {})).toMatchObject({ linux: ['1.0.0.2'] })
    const disabled = { ok: false, refusal: { code: 'critical-environment-disabled' } }
    expect(await create()).toMatchObject(disabled)
    expect(await ask(upgradeEndpointsRoute, server, upgrade)).toMatchObject(disabled)
    await told(set, { enabled_critical_environment_versions: true })
    expect(await told(getVersionsRoute, {})).toMatchObject({ linux: ['1.0.0.2', '1.0.100.1'] })
    expect(await create()).toMatchObject({ ok: true })
    expect(await ask(upgradeEndpointsRoute, server, upgrade)).toMatchObject({ ok: true })
  })
})

it('action_center_expiration: for upgrades that are ordered from then on', async () => {
  const [, set] = actionExpirationRoutes
  await saveTestRelease(server.database, '1.0.0.2')
  const expiry = async (hostname: string) => {
    const endpointId = await enrol(hostname)
    const order = { endpoint_ids: [endpointId], target_versions: { linux: '1.0.0.2' } }
    const { group_action_id } = (await told(upgradeEndpointsRoute, order)) as {
      group_action_id: number
    }
    const { details } = (await told(getActionStatusRoute, { group_action_id })) as {
      details: Record<string, { expires_at: number }>
    }
    return (details[endpointId]?.expires_at ?? 0) - server.clock.now()
  }
  expect(await expiry('first')).toBe(30 * DAY_MS)
  await told(set, { agent_upgrade: 48, isolate: 72 })
  expect(await expiry('second')).toBe(48 * HOUR_MS)
})

it('agent_status: an endpoint is lost when the instance says so', async () => {
  const [, set] = agentStatusRoutes
  const id = await enrol('quiet')
  const status = async () => {
    const filters = [{ field: 'endpoint_id_list', operator: 'in', value: [id] }]
    const { endpoints } = (await told(getEndpointRoute, { filters })) as {
      endpoints: { endpoint_status: string }[]
    }
    const lost = [{ field: 'endpoint_status', operator: 'in', value: ['lost'] }]
    const found = (await told(getEndpointRoute, { filters: lost })) as { total_count: number }
    return [endpoints[0]?.endpoint_status, found.total_count]
  }
  server.clock.advance(2 * DAY_MS)
  expect(await status()).toEqual(['DISCONNECTED', 0])
  await told(set, { license_revocation_after_lost_connection: 2 })
  expect(await status()).toEqual(['LOST', 1])
})
