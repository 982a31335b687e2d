/**
 * Download of one package over loopback: Drydock, which joins it from segments, against nginx and a
 * plain file.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { download } from '../test/acceptance/catalogue.ts'
import { eventually, freePort, start } from '../test/acceptance/processes.ts'
import type { ServerProcess } from '../test/acceptance/server-process.ts'
import { cpuSeconds, quantile } from './machine.ts'
import { type Row, ratio } from './table.ts'

const ROUNDS = 15

export async function benchDownloads(
  server: ServerProcess,
  distributionId: string,
): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-'))
  try {
    const deb = await download(server.client, distributionId, { type: 'deb', folder })
    const order = { distribution_id: distributionId, package_type: 'deb' } as const
    const { distribution_url, size } = await server.client.distributions.getDistUrl(order)
    const cpuBefore = cpuSeconds(server.pid)
    const ours = fetchRepeatedly(distribution_url, size)
    const cpu = ((cpuSeconds(server.pid) - cpuBefore) / ROUNDS) * 1000
    const rows = [compare(ours, timeCat(deb, size), '`cat` to a pipe')]
    const nginx = await timeNginx(deb, folder, size)
    if (nginx !== null) rows.unshift(compare(ours, nginx, 'nginx, sendfile'))
    const mebibytes = size / 1024 / 1024
    rows.push({
      what: 'CPU of the server for each download',
      ours: `${cpu.toFixed(0)} ms`,
      other: `${mebibytes.toFixed(1)} MiB package`,
      ratio: `${(cpu / mebibytes).toFixed(2)} ms / MiB`,
    })
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** MiB a second, median of the rounds. */
function fetchRepeatedly(url: string, size: number): number {
  return rate(size, () => execFileSync('curl', ['-sf', '-o', '/dev/null', url]))
}

function timeCat(path: string, size: number): number {
  return rate(size, () => execFileSync('sh', ['-c', `cat "$1" | cat > /dev/null`, 'sh', path]))
}

async function timeNginx(path: string, folder: string, size: number): Promise<number | null> {
  const nginx = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((each) => existsSync(each))
  if (nginx === undefined) return null
  const port = await freePort()
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(configuration, nginxConfiguration(folder, port))
  await using running = start([nginx, '-c', configuration, '-g', 'daemon off;'])
  const url = `http://127.0.0.1:${port}/${path.slice(folder.length + 1)}`
  await eventually('nginx', async () => {
    try {
      return (await fetch(url, { method: 'HEAD' })).ok ? true : null
    } catch {
      // Best effort: it does not listen yet.
      return null
    }
  })
  const measured = fetchRepeatedly(url, size)
  await running.end('SIGQUIT')
  return measured
}

function nginxConfiguration(folder: string, port: number): string {
  return `worker_processes 1; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http { access_log off; sendfile on; server { listen 127.0.0.1:${port}; root ${folder}; } }
`
}

function rate(size: number, perform: () => void): number {
  perform()
  const times = Array.from({ length: ROUNDS }, () => {
    const started = performance.now()
    perform()
    return performance.now() - started
  })
  return size / 1024 / 1024 / (quantile(times, 0.5) / 1000)
}

function compare(ours: number, other: number, name: string): Row {
  return {
    what: 'download of one deb, one connection',
    ours: `${Math.round(ours)} MiB/s`,
    other: `${name}: ${Math.round(other)} MiB/s`,
    ratio: ratio(ours, other),
  }
}
