/**
 * `npm run bench`: starts a server of its own, measures, and prints the table of
 * docs/benchmarks.md. Figures move with the machine; ratios within one run are what counts. `npm
 * run bench -- check-ins` runs one.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECK_INS_PER_S_MAX } from '../src/contract/public/limits.ts'
import { builtInRelease, download, order } from '../test/acceptance/catalogue.ts'
import { freePort, run } from '../test/acceptance/processes.ts'
import { type ServerProcess, startServerProcess } from '../test/acceptance/server-process.ts'
import { benchCheckIns } from './check-ins.ts'
import { benchDownloads } from './downloads.ts'
import { benchEndpointLists } from './endpoint-lists.ts'
import { benchFleet } from './fleet.ts'
import { benchPackages } from './packages.ts'
import { type Row, renderTable } from './table.ts'
import { benchUpgradeOrder } from './upgrade-order.ts'
import { benchUpgrades } from './upgrades.ts'

const wanted = process.argv.slice(2)
const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
const rows: Row[] = []
const show = (measured: readonly Row[]) => {
  process.stderr.write(`${renderTable(measured)}\n\n`)
  rows.push(...measured)
}
try {
  // It kills its server: it has one of its own.
  if (isWanted('fleet')) await benchFleet(fleetSize(), show)
  if (wanted.length === 0 || wanted.some((name) => name !== 'fleet')) await benchServer()
  const [cpu] = cpus()
  process.stdout.write(`${cpus().length} x ${cpu?.model ?? 'unknown'}\n\n${renderTable(rows)}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

function isWanted(name: string): boolean {
  return wanted.length === 0 || wanted.includes(name)
}

function fleetSize() {
  const { BENCH_FLEET, BENCH_FLEET_INTERVAL } = process.env
  return { count: Number(BENCH_FLEET ?? 100_000), intervalS: Number(BENCH_FLEET_INTERVAL ?? 60) }
}

async function benchServer(): Promise<void> {
  const dataDir = join(folder, 'data')
  const port = await freePort()
  const settings = {
    DRYDOCK_CHECK_IN_INTERVAL: '1',
    DRYDOCK_LOG_LEVEL: 'warn',
    // One key asks for everybody here.
    DRYDOCK_KEY_REQUESTS_PER_S: '999999',
  }
  await using server = await startServerProcess({ dataDir, port, env: settings })
  // How fast it is, and not how fast it lets agents in.
  await server.client.configurations.rollout.set({ check_ins_per_s: 100_000 })
  // What it bears is measured, not what it admits.
  await server.client.configurations.rollout.set({ check_ins_per_s: CHECK_INS_PER_S_MAX })
  const base = await builtInRelease(server.client)
  const distributionId = await order(server.client, 'bench', base.version)
  const token = await enrolmentToken(server, distributionId)
  const benches = {
    packages: () => benchPackages(server, dataDir),
    downloads: () => benchDownloads(server, distributionId),
    upgrades: () => benchUpgrades(server),
    'check-ins': () => benchCheckIns(server, { distributionId, token }),
    // Last: they leave a hundred thousand endpoints behind.
    'endpoint-lists': () => benchEndpointLists(server, dataDir),
    'upgrade-order': () => benchUpgradeOrder(server, dataDir),
  }
  for (const [name, bench] of Object.entries(benches)) if (isWanted(name)) show(await bench())
}

/** The token is in the package and nowhere else: taken from there, as a machine would. */
async function enrolmentToken(server: ServerProcess, distributionId: string): Promise<string> {
  const deb = await download(server.client, distributionId, { type: 'deb', folder })
  const tree = join(folder, 'unpacked')
  await run(['dpkg-deb', '-x', deb, tree])
  const file = join(tree, 'opt/drydock-agent/enrolment.json')
  const { token } = JSON.parse(await readFile(file, 'utf8')) as { token: string }
  return token
}
