/**
 * The first path once more, on Windows as far as wine is one: its msiexec installs the package of a
 * real server, the service runs the agent in it, and packages of other versions move it on, are
 * refused, repair it, take it away, with and without what it wrote.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest'
import { type Layout, layoutFor } from '../../src/agent/layout.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { buildAgent, hostRuntime, hostTarget } from '../../src/main/build-agent.ts'
import { startServer } from '../../src/main/server.ts'
import { runtimeFor } from '../../tools/agent-runtime.ts'
import { built, download } from './catalogue.ts'
import { endpointOf, runsVersion } from './machine.ts'
import { eventually, freePort, run } from './processes.ts'
import { clientOf, DRYDOCK } from './server-process.ts'
import { hasWine, makeWine, type Wine } from './wine.ts'

const TARGET = { platform: 'windows', arch: 'x64', libc: 'none' } as const
const SERVICE = 'DrydockAgent'
const [VERSION_1, VERSION_2, VERSION_3] = ['1.0.0.1', '1.0.0.2', '1.0.0.3'] as const
/** ERROR_INSTALL_FAILURE (1603), of which Unix keeps eight bits. */
const REFUSED = 1603 & 0xff

let folder: string
let wine: Wine
let layout: Layout
let server: Awaited<ReturnType<typeof startServer>>
let client: Client
let id: string

describe.skipIf(!hasWine)('an agent brought by msi (needs wine, mingw)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-by-msi-'))
    const dataDir = join(folder, 'data')
    server = await startServer({
      dataDir,
      listen: `127.0.0.1:${await freePort()}`,
      log: silentLog,
      checkInIntervalS: 1,
      probationS: 20,
      publishBuiltIn: false,
    })
    client = await clientOf(server.url, dataDir)
    const [made] = await Promise.all([makeWine(), publishForWindows(dataDir)])
    wine = made
    layout = layoutFor(wine.drive, '', 'windows')
  })

  afterAll(async () => {
    await wine?.[Symbol.asyncDispose]()
    await server?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('is a service that runs and has enrolled, with what was said on the command line', async () => {
    tellOnFailure()
    const file = await packageOf(VERSION_1)
    await install(file, 'ENDPOINT_TAGS=till,größe')
    await wine.serviceIs(SERVICE, 'RUNNING')
    id = await enrolled()
    await runsVersion(client, id, VERSION_1)
    const endpoint = await endpointOf(client, id)
    expect(endpoint).toMatchObject({ endpoint_status: 'CONNECTED', os_type: 'AGENT_OS_WINDOWS' })
    expect(endpoint?.tags?.endpoint_tags.toSorted()).toEqual(['acceptance', 'größe', 'till'])
    const key = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${SERVICE}`
    const environment = await wine.must('reg', 'query', key, '/v', 'Environment')
    expect(environment).toContain('BUN_OPTIONS=\\0BUN_BE_BUN=\\0BUN_INSPECT=')
  })

  it('is upgraded by a newer package, and is the same endpoint with the same tags', async () => {
    tellOnFailure()
    await install(await packageOf(VERSION_2))
    await runsVersion(client, id, VERSION_2)
    expect(await enrolled()).toBe(id)
    expect((await endpointOf(client, id))?.tags?.endpoint_tags).toContain('till')
    expect(await products()).toHaveLength(1)
  })

  it('refuses an older package, and goes on', async () => {
    expect(await install(await packageOf(VERSION_1), 'REFUSED')).toBe(REFUSED)
    expect(await wine.serviceState(SERVICE)).toBe('RUNNING 0 0')
    expect(await products()).toHaveLength(1)
  })

  it('is repaired by its own package', async () => {
    await rm(join(layout.seed, 'agent.mjs'))
    await install(await packageOf(VERSION_2), 'REINSTALL=ALL')
    expect(existsSync(join(layout.seed, 'agent.mjs'))).toBe(true)
    await wine.serviceIs(SERVICE, 'RUNNING')
  })

  it('is moved by an upgrade package, and enrolled as before unless that is told REHOME', async () => {
    tellOnFailure()
    const enrolment = await readFile(layout.enrolment, 'utf8')
    await install(await packageOf(VERSION_3, 'upgrade'))
    await runsVersion(client, id, VERSION_3)
    expect(await readFile(layout.enrolment, 'utf8')).toBe(enrolment)
    expect(await products()).toHaveLength(1)
    await install(await packageOf(VERSION_3, 'upgrade', 'another home'), 'REHOME=1')
    const rehomed = JSON.parse(await readFile(layout.enrolment, 'utf8'))
    expect(rehomed.distribution_id).not.toBe(JSON.parse(enrolment).distribution_id)
    await wine.serviceIs(SERVICE, 'RUNNING')
    expect((await endpointOf(client, id))?.tags?.endpoint_tags).toContain('till')
    expect(await products()).toHaveLength(1)
  })

  it('is uninstalled, and its identity stays for the next one', async () => {
    const [product = ''] = await products()
    await wine.must('msiexec', '/x', product, '/qn')
    expect(existsSync(layout.program)).toBe(false)
    expect(await wine.serviceState(SERVICE)).toBe('NONE 1060')
    expect(await enrolled()).toBe(id)
    expect(wine.processes('drydock-agent.exe')).toEqual([])
  })

  it('an upgrade package leaves a machine alone on which no agent is', async () => {
    expect(await install(await packageOf(VERSION_3, 'upgrade'), 'REFUSED')).toBe(REFUSED)
    expect(existsSync(layout.program)).toBe(false)
  })

  it('is the same endpoint when it is installed again, and nothing after a purge', async () => {
    tellOnFailure()
    await install(await packageOf(VERSION_3))
    await wine.serviceIs(SERVICE, 'RUNNING')
    await runsVersion(client, id, VERSION_3)
    const [product = ''] = await products()
    await wine.must('msiexec', '/x', product, '/qn', 'PURGE=1')
    expect(existsSync(layout.program)).toBe(false)
    expect(existsSync(layout.state)).toBe(false)
    expect(await products()).toEqual([])
  })

  it('has no package for machines of 32 bits, and says so', async () => {
    const distribution = await ordered(VERSION_1)
    await expect(download(client, distribution, { type: 'x86', folder })).rejects.toThrow(
      /no agent for 32-bit Windows.*x64/,
    )
  })
})

/** As an operator does: one command a version. */
async function publishForWindows(dataDir: string): Promise<void> {
  const compilerPath = hostRuntime(hostTarget(process)) ?? ''
  const agent = join(folder, 'agent')
  await buildAgent({ target: TARGET, runtimePath: runtimeFor(TARGET), outDir: agent, compilerPath })
  for (const version of [VERSION_1, VERSION_2, VERSION_3]) {
    const target = ['--platform', 'windows', '--arch', 'x64', '--agent', agent]
    await run([DRYDOCK, 'release', 'publish', '--version', version, ...target], {
      env: { DRYDOCK_URL: server.url, DRYDOCK_KEY_FILE: join(dataDir, 'admin-key.json') },
    })
  }
}

async function ordered(
  version: string,
  kind: 'standalone' | 'upgrade' = 'standalone',
  name = `${kind} ${version}`,
): Promise<string> {
  const said = kind === 'upgrade' ? { windows_version: version } : { agent_version: version }
  const { distribution_id } = await client.distributions.create({
    name,
    platform: 'windows',
    package_type: kind,
    endpoint_tags: ['acceptance'],
    ...said,
  })
  await built(client, distribution_id)
  return distribution_id
}

const packages = new Map<string, Promise<string>>()

/** As Windows names it; downloaded once. */
async function packageOf(...asked: Parameters<typeof ordered>): Promise<string> {
  const type = asked[1] === 'upgrade' ? 'upgrade' : 'x64'
  const name = asked.join(' ')
  const downloading =
    packages.get(name) ??
    ordered(...asked).then((distribution) =>
      download(client, distribution, { type, folder: join(folder, name) }),
    )
  packages.set(name, downloading)
  return `Z:${(await downloading).replaceAll('/', '\\')}`
}

/** Fails unless it succeeds, or is to be REFUSED. */
async function install(file: string, ...words: readonly string[]): Promise<number> {
  const { code, output } = await wine.run('msiexec', '/i', file, '/qn', ...words)
  if (code !== 0 && !words.includes('REFUSED')) throw new Error(`msiexec: ${code}\n${output}`)
  return code
}

/** Their product codes, as the list of installed programs has them. */
async function products(): Promise<readonly string[]> {
  const key = 'HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall'
  const { output } = await wine.run('reg', 'query', key, '/reg:64')
  return [...output.matchAll(/\{[0-9A-F-]{36}\}/g)].map(([code]) => code)
}

async function enrolled(): Promise<string> {
  return await eventually('an enrolled agent', async () => {
    if (!existsSync(layout.identity)) return null
    return JSON.parse(await readFile(layout.identity, 'utf8')).endpoint_id as string
  })
}

/** What the agent said of it: without that a failure tells next to nothing. */
function tellOnFailure(): void {
  onTestFailed(() => {
    const there = existsSync(layout.program) ? readdirSync(layout.program).join(' ') : 'nothing'
    process.stderr.write(`${there}\n`)
    if (existsSync(layout.log)) process.stderr.write(readFileSync(layout.log))
  })
}
