/**
 * What the app for Android does, run by the machine of `test/android` against a real server: no
 * Android runtime is here. So this is evidence of the app's own steps and words, not of Android's.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { type Device, frameworkOf, newDevice } from './android/device.ts'
import { jsonOf } from './android/json.ts'
import {
  Machine,
  made,
  registersIn,
  simpleName,
  type Thing,
  Thrown,
  type Value,
} from './android/machine.ts'
import { argumentWords, readClasses, readRef } from './android/smali.ts'
import { describeNeeds } from './needs.ts'

const SMALI = join(import.meta.dirname, '../android/smali')
const APP = readFileSync(join(import.meta.dirname, '../assets/android/agent.apk'))
const CLASSES = readClasses(SMALI)
const OWN = 'Ldev/drydock/agent/'
const CONTEXT: Thing = made('Landroid/content/Context;', {})

/** Every instruction that calls something, and the one behind it. */
function* calls(): Generator<{
  readonly line: string
  readonly op: string
  readonly list: string
  readonly target: string
  readonly next: string
}> {
  for (const { methods } of CLASSES.values()) {
    for (const { instructions } of methods.values()) {
      for (const [index, { op, words, line }] of instructions.entries()) {
        const [list = '', target = ''] = words
        const next = instructions[index + 1]?.op ?? ''
        if (op.startsWith('invoke-')) yield { line, op, list, target, next }
      }
    }
  }
}

describe('every call in the app', () => {
  it('is given as many registers as it takes, and what it returns is taken as its type', () => {
    for (const { line, op, list, target, next } of calls()) {
      const ref = readRef(target)
      const taken = argumentWords(ref, op === 'invoke-static')
      expect([line, registersIn(list).length]).toEqual([line, taken])
      const kind = ref.returns === 'J' ? '-wide' : /^[L[]/.test(ref.returns) ? '-object' : ''
      if (next.startsWith('move-result')) expect([line, next]).toEqual([line, `move-result${kind}`])
    }
  })

  it('is of a method that there is, where it is of the app itself', () => {
    const own = [...calls()].filter(({ target }) => target.startsWith(OWN))
    expect(own.length).toBeGreaterThan(100)
    for (const { op, target } of own.filter((each) => each.op === 'invoke-static')) {
      const { owner, name, parameters } = readRef(target)
      const found = CLASSES.get(owner)?.methods.get(`${name}(${parameters.join('')})`)
      expect([op, target, found?.isStatic]).toEqual([op, target, true])
    }
  })
})

describeNeeds(['bsdtar'], 'an app that is installed (needs bsdtar)', () => {
  let server: AssembledServer
  let distribution = 0
  let device: Device
  let machine: Machine

  beforeAll(async () => {
    server = await startAssembledServer()
    await publish('1.0.0.1')
  })
  afterAll(() => server[Symbol.asyncDispose]())
  beforeEach(async () => {
    distribution += 1
    device = newDevice(await assetsOf(await orderApp(`phones ${distribution}`)), '1.0.0.1')
    start()
  })

  const ran = new Set<string>()

  /** Another life of the process. */
  function start(): void {
    machine = new Machine(CLASSES, frameworkOf(device), ran)
  }

  async function publish(version: string): Promise<void> {
    const launcher = await server.upload(APP)
    const files = [{ path: 'agent.apk', digest: launcher, executable: false }]
    for (const arch of ['x64', 'arm64']) {
      const target = { platform: 'android', arch, libc: 'none' }
      const order = { version, ...target, launcher, files }
      expect((await server.call('releases/publish', order)).status).toBe(200)
    }
  }

  async function orderApp(name: string): Promise<Buffer> {
    const order = {
      name,
      platform: 'android',
      package_type: 'standalone',
      proxy: ['proxy.invalid:3128'],
    }
    const created = await server.call('distributions/create', {
      ...order,
      endpoint_tags: ['phone'],
    })
    await server.assembled.drain()
    const { distribution_id } = created.body.reply
    const asked = { distribution_id, package_type: 'apk' }
    const link = await server.call('distributions/get_dist_url', asked)
    const answer = await fetch(String(link.body.reply.distribution_url))
    return Buffer.from(await answer.arrayBuffer())
  }

  async function assetsOf(apk: Buffer): Promise<ReadonlyMap<string, string>> {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-app-'))
    try {
      writeFileSync(join(folder, 'a.apk'), apk)
      execFileSync('bsdtar', ['-xf', join(folder, 'a.apk'), '-C', folder, 'assets'])
      const assets = join(folder, 'assets')
      const files = readdirSync(assets)
      return new Map(files.map((name) => [name, readFileSync(join(assets, name), 'utf8')]))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  async function round(): Promise<Value> {
    return await machine.call(`${OWN}Agent;`, 'round', CONTEXT)
  }

  async function endpoint(): Promise<Record<string, unknown>> {
    const [endpoint_id = ''] = (device.preferences.get('bearer') ?? '').split('.')
    const answer = await server.call('endpoints/get_endpoint', {
      filters: [{ field: 'endpoint_id_list', operator: 'in', value: [endpoint_id] }],
    })
    expect(answer.status).toBe(200)
    const { endpoints } = answer.body.reply as { endpoints: Record<string, unknown>[] }
    return endpoints[0] ?? {}
  }

  /** An order for this endpoint; a function that says how it is with it. */
  async function upgradeTo(version: string) {
    await publish(version)
    const [endpointId = ''] = (device.preferences.get('bearer') ?? '').split('.')
    const order = { endpoint_ids: [endpointId], target_versions: { android: version } }
    const answer = await server.call('endpoints/upgrade', order)
    expect(answer).toMatchObject({ status: 200, body: { reply: { endpoints_count: 1 } } })
    const { read } = server.assembled.needs.database
    return async () => {
      const upgrades = await read
        .selectFrom('upgrade')
        .select(['state', 'reason'])
        .where('endpoint_id', '=', endpointId)
        .orderBy('changed_at', 'desc')
        .execute()
      return upgrades[0]
    }
  }

  /** What Android does with the session that was handed over. */
  async function installed(version: string): Promise<void> {
    const session = [...device.sessions.values()].at(-1)
    expect(session).toMatchObject({ state: 'committed', userAction: 2 })
    device.assets = await assetsOf(session?.bytes ?? Buffer.alloc(0))
    device.version = version
    device.sessions.clear()
    start()
  }

  const attempt = () => JSON.parse(device.preferences.get('attempt') ?? '{}')

  it('enrols, past a proxy that is not there, and tells what device it is', async () => {
    expect(await round()).toBe(60)
    expect(device.preferences.get('bearer')).toMatch(/^[0-9a-f]{32}\.[0-9a-f]{64}$/)
    expect(await endpoint()).toMatchObject({
      endpoint_name: "Ann's phone",
      ip: ['192.0.2.7'],
      ipv6: ['2001:db8::7'],
    })
    const before = device.preferences.get('bearer')
    start()
    expect(await round()).toBe(60)
    expect(device.preferences.get('bearer')).toBe(before)
  })

  it('hands an upgrade to the installer, and tells how it ended when it is the new one', async () => {
    await round()
    const upgrade = await upgradeTo('1.0.0.2')
    await round()
    expect(attempt()).toMatchObject({ phase: 'switching', reason: null })
    expect((await upgrade())?.state).toBe('switching')
    await installed('1.0.0.2')
    expect(device.assets.has('enrolment.json')).toBe(false)
    await round()
    expect(await upgrade()).toMatchObject({ state: 'succeeded' })
    expect(device.preferences.has('attempt')).toBe(false)
    expect(await endpoint()).toMatchObject({ endpoint_version: '1.0.0.2' })
  })

  it('gets the same package again, in parts if it likes, and nobody else gets any', async () => {
    await round()
    const digest = createHash('sha256')
    const [, payload = ''] =
      /"payload":"([^"]+)"/.exec(device.assets.get('manifest-arm64.json') ?? '') ?? []
    const name = digest.update(Buffer.from(payload, 'base64')).digest('hex')
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${server.url}/agent/v1/packages/${path}`, { headers })
    const authorization = `Bearer ${device.preferences.get('bearer')}`
    const whole = await get(name, { authorization })
    const bytes = Buffer.from(await whole.arrayBuffer())
    const sum = createHash('sha256').update(bytes).digest('hex')
    expect([whole.status, whole.headers.get('etag')]).toEqual([200, `"${sum}"`])
    const part = await get(name, { authorization, range: 'bytes=1000-1999' })
    expect(part.status).toBe(206)
    const middle = bytes.subarray(1000, 2000)
    expect(Buffer.from(await part.arrayBuffer()).equals(middle)).toBe(true)
    expect((await get(name)).status).toBe(401)
    expect((await get('a'.repeat(64), { authorization })).status).toBe(404)
    expect((await get('nothing', { authorization })).status).toBe(404)
  })

  it('says why the installer refused, and does not try that version again', async () => {
    await round()
    const upgrade = await upgradeTo('1.0.0.3')
    await round()
    const said = made('Landroid/content/Intent;', {})
    said.fields.set('android.content.pm.extra.STATUS', 4)
    said.fields.set('android.content.pm.extra.STATUS_MESSAGE', 'INSTALL_FAILED_UPDATE_INCOMPATIBLE')
    const receiver = made(`${OWN}InstallResult;`, {})
    await machine.call(`${OWN}InstallResult;`, 'onReceive', receiver, CONTEXT, said)
    expect(device.jobs.at(-1)).toEqual({ id: 2, latencyS: 1, isPeriodic: false })
    await round()
    expect(await upgrade()).toMatchObject({ state: 'failed', reason: 'install-failed' })
    expect(device.preferences.get('skipped')).toContain('install-failed')
    expect(device.preferences.has('attempt')).toBe(false)
  })

  it('finds out after a restart that the installer forgot its session', async () => {
    await round()
    const upgrade = await upgradeTo('1.0.0.4')
    await round()
    device.sessions.clear()
    start()
    await round()
    expect(await upgrade()).toMatchObject({ state: 'failed', reason: 'install-failed' })
  })

  it('downloads again after the server was away, and gives up after an hour', async () => {
    await round()
    const upgrade = await upgradeTo('1.0.0.5')
    const url = device.preferences.get('installation') ?? ''
    const [bearer = ''] = [device.preferences.get('bearer')]
    const instruction = { attempt_id: 'a'.repeat(32), manifest_digest: 'b'.repeat(64) }
    const begun = jsonOf(instruction)
    await machine.call(`${OWN}Attempt;`, 'begin', CONTEXT, begun)
    const link = jsonOf(JSON.parse(url))
    const advance = () => machine.call(`${OWN}Upgrade;`, 'advance', CONTEXT, link, bearer)
    await advance()
    expect(attempt()).toMatchObject({ phase: 'downloading' })
    device.now += 3_600_000
    await advance()
    expect(attempt()).toMatchObject({ phase: 'failed', reason: 'download-failed' })
    await round()
    await round()
    expect((await upgrade())?.state).toBe('switching')
  })

  it('stops an upgrade that was cancelled, and becomes another endpoint when it is a copy', async () => {
    await round()
    const told = (kind: string, more: object = {}) =>
      machine.call(`${OWN}Upgrade;`, 'heed', CONTEXT, jsonOf({ instruction: { kind, ...more } }))
    const attempt_id = 'a'.repeat(32)
    const wanted = { attempt_id, manifest_digest: 'b'.repeat(64) }
    expect(await told('upgrade', wanted)).toBe(1)
    expect(attempt()).toMatchObject({ phase: 'accepted' })
    expect(await told('cancel', { attempt_id: 'c'.repeat(32) })).toBe(0)
    expect(await told('cancel', { attempt_id })).toBe(1)
    expect(attempt()).toMatchObject({ phase: 'failed', reason: 'cancelled' })
    const before = device.preferences.get('bearer')
    expect(await told('enrol-as-copy')).toBe(1)
    start()
    await round()
    expect(device.preferences.get('bearer')?.slice(0, 32)).not.toBe(before?.slice(0, 32))
    expect(device.preferences.has('is_copy')).toBe(false)
  })

  it('enrols anew when the server knows its credential no more', async () => {
    await round()
    device.preferences.set('bearer', `${'e'.repeat(32)}.${'f'.repeat(64)}`)
    await round()
    expect(await endpoint()).toMatchObject({ endpoint_name: "Ann's phone" })
  })

  it('takes no other server for its own, and asks nobody without a token', async () => {
    await round()
    device.preferences.set('server_url', 'https://other.example')
    const before = device.preferences.get('bearer')
    await round()
    expect(device.preferences.get('bearer')).not.toBe(before)
    const installation = JSON.parse(device.assets.get('enrolment.json') ?? '')
    const wrong = { ...installation, token: 'wrong', server_url: server.url }
    device.assets = new Map(device.assets).set('enrolment.json', JSON.stringify(wrong))
    device.preferences.delete('bearer')
    const refused = await round().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Thrown)
    expect(refused).toMatchObject({ message: expect.stringMatching(/enrolment-token-unknown/) })
  })

  it('takes what the code of an owned device brought, where its package brought nothing', async () => {
    const { server_url, distribution_id, token } = JSON.parse(
      device.assets.get('enrolment.json') ?? '',
    )
    device.assets = new Map([...device.assets].filter(([name]) => name !== 'enrolment.json'))
    expect(await round()).toBe(3600)
    const bundle = made('Landroid/os/PersistableBundle;', {})
    const intent = made('Landroid/content/Intent;', {})
    intent.fields.set('android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE', bundle)
    for (const [name, value] of Object.entries({ server_url, distribution_id, token })) {
      bundle.fields.set(name, value)
    }
    await machine.call(`${OWN}Admin;`, 'begin', CONTEXT, intent)
    expect(device.jobs).toEqual([
      { id: 1, latencyS: 0, isPeriodic: true },
      { id: 2, latencyS: 0, isPeriodic: false },
    ])
    expect(await round()).toBe(60)
    expect(await endpoint()).toMatchObject({ endpoint_name: "Ann's phone" })
  })

  it('has run everything by now that is not a screen, a service or a notification', () => {
    const all = [...CLASSES.values()].flatMap(({ type, methods }) =>
      [...methods.values()].map(({ name }) => `${simpleName(type)}.${name}`),
    )
    const left = all.filter((name) => !ran.has(name) && !name.endsWith('.<init>'))
    expect(left.toSorted()).toEqual([
      'Admin.onEnabled',
      'Admin.onProfileProvisioningComplete',
      'CheckInJob.onStartJob',
      'CheckInJob.onStopJob',
      'Main.onCreate',
      'Main.onResume',
      'PolicyCompliance.onCreate',
      'ProvisioningMode.onCreate',
      'Question.ask',
      'Round.run',
      'Wake.onReceive',
    ])
  })
})
