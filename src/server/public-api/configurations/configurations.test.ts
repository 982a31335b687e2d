import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../../base/clock-manual.ts'
import { loadAudit } from '../../../store/audit.ts'
import { CONFIGURATION_FRESH_MS } from '../../configuration.ts'
import { type AssembledServer, startAssembledServer } from '../../testing/assembled.ts'
import { TEST_START } from '../../testing/fleet.ts'

const clock = new ManualClock(TEST_START)
let server: AssembledServer
beforeAll(async () => {
  server = await startAssembledServer({ clock })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  const { database, configuration } = server.assembled.needs
  await database.write((tx) => tx.deleteFrom('setting').execute())
  configuration.forget()
})

async function get(name: string, from = server) {
  const url = `${from.url}/public_api/v1/configurations/agent/${name}`
  const answer = await fetch(url, { headers: from.headers() })
  return { status: answer.status, body: await answer.json() }
}

const set = (name: string, data: unknown) => server.call(`configurations/agent/${name}/set`, data)

async function setBare(name: string, body: unknown) {
  const url = `${server.url}/public_api/v1/configurations/agent/${name}/set`
  const sent = { method: 'POST', headers: server.headers(), body: JSON.stringify(body) }
  const answer = await fetch(url, sent)
  return { status: answer.status, body: await answer.json() }
}

const DEFAULTS = {
  auto_upgrade: { amount_of_parallel_upgrades: 500 },
  agent_status: { license_revocation_after_lost_connection: 30, agent_deletion_retention: 180 },
  action_center_expiration: { agent_upgrade: 720 },
  endpoint_administration_cleanup: {
    periodic_duplicate_cleanup: false,
    host_name: false,
    ip: false,
    mac: false,
    time_interval_hours: null,
  },
  content_management: {
    enable_bandwidth_control: false,
    bandwidth_in_mbps: 100,
    enable_minor_content_version_updates: true,
  },
  critical_environment_versions: { enabled_critical_environment_versions: true },
  rollout: {
    timezone: 'UTC',
    closed_days: [],
    canary: null,
    waves: [],
    max_concurrent: null,
    soak_minutes: 0,
    failure_budget: { count: null, percent: null },
    probation_minutes: null,
    max_attempts: 1,
    download_rate: null,
    check_ins_per_s: 5000,
  },
} as const

describe('what nobody has set', () => {
  it.each(Object.entries(DEFAULTS))('%s has its default, unwrapped', async (name, value) => {
    expect(await get(name)).toEqual({ status: 200, body: value })
  })

  it.each(Object.entries(DEFAULTS))('%s takes back what it told', async (name, value) => {
    expect(await set(name, value)).toMatchObject({ status: 200, body: { reply: true } })
    expect((await get(name)).body).toEqual(value)
  })

  it('is told to nobody without a key', async () => {
    const url = `${server.url}/public_api/v1/configurations/agent/auto_upgrade`
    expect((await fetch(url)).status).toBe(401)
  })
})

describe('a set', () => {
  it('takes its fields inside request_data and at the top level', async () => {
    expect(await set('auto_upgrade', { amount_of_parallel_upgrades: 10 })).toMatchObject({
      status: 200,
      body: { reply: true },
    })
    expect((await get('auto_upgrade')).body).toEqual({ amount_of_parallel_upgrades: 10 })
    const bare = await setBare('auto_upgrade', { amount_of_parallel_upgrades: 11 })
    expect(bare).toEqual({ status: 200, body: { reply: true } })
    expect((await get('auto_upgrade')).body).toEqual({ amount_of_parallel_upgrades: 11 })
  })

  it('merges what is named onto what was there', async () => {
    await set('agent_status', { agent_deletion_retention: 90 })
    await set('agent_status', { license_revocation_after_lost_connection: 60 })
    expect((await get('agent_status')).body).toEqual({
      license_revocation_after_lost_connection: 60,
      agent_deletion_retention: 90,
    })
    await set('action_center_expiration', { isolate: 72 })
    await set('action_center_expiration', { scan: 24 })
    const { body } = await get('action_center_expiration')
    expect(body).toEqual({ agent_upgrade: 720, isolate: 72, scan: 24 })
  })

  it('is told by the audit log with what was and what became', async () => {
    await set('auto_upgrade', { amount_of_parallel_upgrades: 10 })
    await set('auto_upgrade', { amount_of_parallel_upgrades: 20 })
    const [entry] = await loadAudit(server.assembled.needs.database.read, 1)
    expect(entry).toMatchObject({
      action: 'configuration.set',
      subject: 'auto_upgrade',
      before: { amount_of_parallel_upgrades: 10 },
      after: { amount_of_parallel_upgrades: 20 },
    })
  })

  it('of two at once loses neither field', async () => {
    await Promise.all([
      set('content_management', { enable_bandwidth_control: true }),
      set('content_management', { bandwidth_in_mbps: 7 }),
    ])
    expect((await get('content_management')).body).toMatchObject({
      enable_bandwidth_control: true,
      bandwidth_in_mbps: 7,
    })
  })

  it('is true at another server within seconds', async () => {
    await using other = await startAssembledServer({ clock, beside: server })
    expect((await get('auto_upgrade', other)).body).toEqual(DEFAULTS.auto_upgrade)
    await set('auto_upgrade', { amount_of_parallel_upgrades: 10 })
    clock.advance(CONFIGURATION_FRESH_MS)
    expect((await get('auto_upgrade', other)).body).toEqual({ amount_of_parallel_upgrades: 10 })
  })
})

describe('rollout', () => {
  const WHOLE = {
    timezone: 'Europe/Berlin',
    closed_days: [
      { from: '2026-12-24', to: '2027-01-01' },
      { from: '2028-02-29', to: '2028-02-29' },
    ],
    canary: { count: 5 },
    waves: [{ tag: 'lab' }, { percent: 10 }, { percent: 50 }],
    max_concurrent: 100,
    soak_minutes: 60,
    failure_budget: { count: 3, percent: 0.5 },
    probation_minutes: 30,
    max_attempts: 3,
    download_rate: 1_000_000,
    check_ins_per_s: 100,
  }

  it('is kept whole, and each field is set alone', async () => {
    await set('rollout', WHOLE)
    expect((await get('rollout')).body).toEqual(WHOLE)
    await set('rollout', { soak_minutes: 90 })
    await set('rollout', { closed_days: [] })
    expect((await get('rollout')).body).toEqual({ ...WHOLE, soak_minutes: 90, closed_days: [] })
  })

  it('has the defaults of fields that a version added since', async () => {
    const { database } = server.assembled.needs
    const value = JSON.stringify({ timeZone: 'Asia/Tokyo', policy: { soakMinutes: 5 } })
    await database.write((tx) =>
      tx.insertInto('setting').values({ name: 'configuration.rollout', value }).execute(),
    )
    const since = { timezone: 'Asia/Tokyo', soak_minutes: 5 }
    expect((await get('rollout')).body).toEqual({ ...DEFAULTS.rollout, ...since })
  })

  it('is cleared by "none" and by empty lists, and by no null', async () => {
    await set('rollout', WHOLE)
    const nulls = Object.fromEntries(Object.keys(WHOLE).map((field) => [field, null]))
    await set('rollout', nulls)
    expect((await get('rollout')).body).toEqual(WHOLE)
    const fields = ['canary', 'max_concurrent', 'probation_minutes', 'download_rate']
    const none = Object.fromEntries([...fields, 'failure_budget'].map((field) => [field, 'none']))
    await set('rollout', { ...none, waves: [], closed_days: [] })
    const { timezone, soak_minutes, max_attempts, check_ins_per_s } = WHOLE
    expect((await get('rollout')).body).toEqual({
      ...DEFAULTS.rollout,
      ...{ timezone, soak_minutes, max_attempts, check_ins_per_s },
    })
  })

  it.each([
    ['europe/berlin', 'Europe/Berlin'],
    [' Etc/GMT+5 ', 'Etc/GMT+5'],
    ['ENDPOINT', 'endpoint'],
  ])('knows the zone %j', async (zone, told) => {
    expect(await set('rollout', { timezone: zone })).toMatchObject({ status: 200 })
    expect((await get('rollout')).body).toMatchObject({ timezone: told })
  })

  const day = { from: '2026-12-24', to: '2026-12-24' }
  it.each([
    [{ timezone: '+02:00' }, ['timezone'], 'there is no +02:00'],
    [{ timezone: 'Berlin' }, ['timezone'], 'did you mean Europe/Berlin?'],
    [
      { closed_days: [{ from: '2026-02-29', to: '2026-03-01' }] },
      ['closed_days', 0, 'from'],
      'day',
    ],
    [{ closed_days: [{ from: '2026-12-24' }] }, ['closed_days', 0, 'to'], 'required'],
    [
      { closed_days: [day, { from: '2026-12-24', to: '2026-12-23' }] },
      ['closed_days', 1, 'to'],
      'not be before from',
    ],
    [
      { closed_days: [{ from: '2026-01-01', to: '2027-01-02' }] },
      ['closed_days', 0, 'to'],
      'at most 366 days',
    ],
    [{ closed_days: Array.from({ length: 201 }, () => day) }, ['closed_days'], 'at most 200'],
    [{ waves: [10, 5] }, ['waves', 1], '5 must be more than the 10'],
    [{ check_ins_per_s: 9 }, ['check_ins_per_s'], '10 to 100000'],
    [{ check_ins_per_s: 'none' }, ['check_ins_per_s'], '10 to 100000'],
  ])('%j is refused', async (data, place, words) => {
    const { status, body } = await set('rollout', data)
    expect(status).toBe(400)
    const [error] = body.reply.err_extra as { loc: unknown[]; msg: string }[]
    expect(error?.loc).toEqual(['request_data', ...place])
    expect(error?.msg).toContain(words)
    expect((await get('rollout')).body).toEqual(DEFAULTS.rollout)
  })
})

describe('a wrong value is refused by its field and range, and changes nothing', () => {
  it.each([
    [
      'auto_upgrade',
      { amount_of_parallel_upgrades: 0 },
      'amount_of_parallel_upgrades',
      '1 to 100000',
    ],
    [
      'auto_upgrade',
      { amount_of_parallel_upgrades: 100_001 },
      'amount_of_parallel_upgrades',
      '100000',
    ],
    ['auto_upgrade', { amount_of_parallel_upgrades: 1.5 }, 'amount_of_parallel_upgrades', 'whole'],
    ['auto_upgrade', { amount: 5 }, 'amount', 'no field amount'],
    [
      'agent_status',
      { license_revocation_after_lost_connection: 61 },
      'license_revocation_after_lost_connection',
      '2 to 60',
    ],
    ['agent_status', { agent_deletion_retention: 361 }, 'agent_deletion_retention', '3 to 360'],
    ['agent_status', { agent_deletion_retention: 30 }, 'agent_deletion_retention', 'exceed'],
    ['action_center_expiration', { isolate: 23 }, 'isolate', '24 to 720'],
    ['action_center_expiration', { agent_upgrade: 721 }, 'agent_upgrade', '24 to 720'],
    [
      'endpoint_administration_cleanup',
      { time_interval_hours: 12 },
      'time_interval_hours',
      'one of 1, 6, 24, 168',
    ],
    [
      'endpoint_administration_cleanup',
      { periodic_duplicate_cleanup: true },
      'periodic_duplicate_cleanup',
      'at least one of',
    ],
    ['content_management', { bandwidth_in_mbps: 0 }, 'bandwidth_in_mbps', '1 to 10000'],
    [
      'critical_environment_versions',
      { enabled_critical_environment_versions: 'yes' },
      'enabled_critical_environment_versions',
      'boolean',
    ],
  ] as const)('%s %j', async (name, data, field, words) => {
    const { status, body } = await set(name, data)
    expect(status).toBe(400)
    const [error] = body.reply.err_extra as { loc: string[]; msg: string }[]
    expect(error?.loc).toEqual(['request_data', field])
    expect(error?.msg).toContain(words)
    expect((await get(name)).body).toEqual(DEFAULTS[name])
  })

  it('so is a key of action_center_expiration that is no word, and one type too many', async () => {
    expect(await set('action_center_expiration', { 'a b': 24 })).toMatchObject({ status: 400 })
    const types = Array.from({ length: 60 }, (_, index) => [`type_${index}`, 24])
    expect(await set('action_center_expiration', Object.fromEntries(types))).toMatchObject({
      status: 400,
      body: { reply: { reason: 'action-types-too-many' } },
    })
  })
})
