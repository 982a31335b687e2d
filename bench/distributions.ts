/**
 * From the call to `Completed`, and what one more distribution costs on disk; against `dpkg-deb`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { download } from '../test/acceptance/catalogue.ts'
import type { ServerProcess } from '../test/acceptance/server-process.ts'
import { diskBytes, quantile } from './machine.ts'
import { type Row, ratio } from './table.ts'

const WARM_UP = 20
const COUNT = 200

export async function benchDistributions(
  server: ServerProcess,
  dataDir: string,
): Promise<readonly Row[]> {
  for (let index = 0; index < WARM_UP; index += 1) await orderOne(server, `warm up ${index}`)
  const before = diskBytes(dataDir)
  const times: number[] = []
  for (let index = 0; index < COUNT; index += 1) {
    const started = performance.now()
    await orderOne(server, `distribution ${index}`)
    times.push(performance.now() - started)
  }
  const disk = (diskBytes(dataDir) - before) / COUNT
  const { seconds, bytes } = await timeDpkgDeb(server)
  const p50 = quantile(times, 0.5)
  const p95 = quantile(times, 0.95)
  return [
    {
      what: 'call to `Completed`, p50 (sh, deb and rpm)',
      ours: `${p50.toFixed(1)} ms`,
      other: `\`dpkg-deb -Zgzip\`, one deb: ${seconds.toFixed(2)} s`,
      ratio: ratio(p50 / 1000, seconds),
    },
    {
      what: 'call to `Completed`, p95',
      ours: `${p95.toFixed(1)} ms`,
      other: 'aim: 100 ms',
      ratio: ratio(p95, 100),
    },
    {
      what: 'disk for each further distribution, write-ahead log included',
      ours: `${(disk / 1024).toFixed(1)} KiB`,
      other: `\`dpkg-deb\`: ${(bytes / 1024 / 1024).toFixed(1)} MiB`,
      ratio: ratio(disk, bytes),
    },
  ]
}

async function orderOne(server: ServerProcess, name: string): Promise<string> {
  const { distributions } = server.client
  const { distribution_id } = await distributions.create({
    name,
    platform: 'linux',
    package_type: 'standalone',
  })
  for (;;) {
    const { status, message } = await distributions.getStatus(distribution_id)
    if (status === 'Failed') throw new Error(`the distribution failed: ${message}`)
    if (status === 'Completed') return distribution_id
  }
}

/** Packs the same files again with the tool that a user would take. */
async function timeDpkgDeb(server: ServerProcess) {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-'))
  try {
    const id = await orderOne(server, 'to be packed again')
    const deb = await download(server.client, id, { type: 'deb', folder })
    const tree = join(folder, 'tree')
    execFileSync('dpkg-deb', ['-R', deb, tree])
    const started = performance.now()
    const again = join(folder, 'again.deb')
    execFileSync('dpkg-deb', ['-Zgzip', '--root-owner-group', '-b', tree, again])
    const seconds = (performance.now() - started) / 1000
    return { seconds, bytes: diskBytes(again) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
