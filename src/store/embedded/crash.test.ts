import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import { openDatabase } from '../open.ts'
import { copyPreparedCluster } from '../testing/database.ts'
import { startEmbeddedProcess } from '../testing/embedded-process.ts'
import {
  eventually,
  postmasterPid,
  processesOf,
  query,
  startServerIn,
} from '../testing/embedded-server.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { mountSmallDisk } from '../testing/small-disk.ts'

async function preparedFolder() {
  const folder = await temporaryFolder()
  const dataDir = join(folder.path, 'postgres')
  await copyPreparedCluster(dataDir)
  return { dataDir, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

async function countKept(dataDir: string): Promise<number> {
  await using server = await startServerIn(dataDir)
  const [row] = await query(server.connection, 'select count(*)::int as rows from kept')
  return row.rows
}

/** The guard between the server and the postmaster. */
async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])
}

describe('kill -9', () => {
  it('of the postmaster: it is started again, nothing committed is lost', async () => {
    await using folder = await preparedFolder()
    await using server = await startServerIn(folder.dataDir)
    await query(server.connection, 'create table kept as select generate_series(1, 1000) as id')
    const killed = await postmasterPid(folder.dataDir)
    process.kill(killed, 'SIGKILL')
    await eventually(async () => !server.isUp())
    await eventually(async () => server.isUp())
    expect(await postmasterPid(folder.dataDir)).not.toBe(killed)
    const [row] = await query(server.connection, 'select count(*)::int as rows from kept')
    expect(row).toEqual({ rows: 1000 })
  })

  it('of the postmaster: queries are faults that say "later", then work again', async () => {
    await using folder = await preparedFolder()
    await using server = await startServerIn(folder.dataDir)
    const needs = { log: silentLog, clock: systemClock, random: systemRandom }
    await using database = openDatabase({ connection: server.connection, ...needs })
    const one = () => database.read.selectNoFrom((make) => make.lit(1).as('one')).execute()
    expect(await one()).toEqual([{ one: 1 }])
    process.kill(await postmasterPid(folder.dataDir), 'SIGKILL')
    await eventually(async () => !server.isUp())
    await expect(one()).rejects.toMatchObject({ code: 'database-unavailable', retry: 'later' })
    await eventually(async () => server.isUp())
    expect(await one()).toEqual([{ one: 1 }])
  })

  it('of a backend: PostgreSQL recovers by itself', async () => {
    await using folder = await preparedFolder()
    await using server = await startServerIn(folder.dataDir)
    await query(server.connection, 'create table kept as select generate_series(1, 1000) as id')
    const asking = query(server.connection, 'select pg_sleep(60)')
    const isAsking = `select pid from pg_stat_activity where query = 'select pg_sleep(60)'`
    await eventually(async () => (await query(server.connection, isAsking)).length > 0)
    const [backend] = await query(server.connection, isAsking)
    const killing = expect(asking).rejects.toThrow()
    process.kill(backend.pid, 'SIGKILL')
    await killing
    await eventually(() => query(server.connection, 'select 1').then(Boolean, () => false))
    const [row] = await query(server.connection, 'select count(*)::int as rows from kept')
    expect(row).toEqual({ rows: 1000 })
  })

  it('of the server: PostgreSQL goes too, and nothing committed is lost', async () => {
    await using folder = await preparedFolder()
    const server = startEmbeddedProcess(folder.dataDir)
    await server.said(/^row 200$/)
    await server.kill()
    await eventually(async () => (await processesOf(folder.dataDir)).length === 0)
    expect(await countKept(folder.dataDir)).toBeGreaterThanOrEqual(server.lastRow())
  })

  it('of the server and the guard: the next start stops the postmaster that is left', async () => {
    await using folder = await preparedFolder()
    const server = startEmbeddedProcess(folder.dataDir)
    await server.said(/^row 200$/)
    const postmaster = await postmasterPid(folder.dataDir)
    const guard = await parentOf(postmaster)
    process.kill(server.child.pid ?? 0, 'SIGSTOP')
    // The guard is two processes: the one that waits, and the one that reads the pipe.
    for (const pid of [...(await childrenOf(guard, postmaster)), guard])
      process.kill(pid, 'SIGKILL')
    await server.kill()
    expect((await processesOf(folder.dataDir)).some((left) => left.pid === postmaster)).toBe(true)
    expect(await countKept(folder.dataDir)).toBeGreaterThanOrEqual(server.lastRow())
  })

  it('of everything at once: the next start recovers', async () => {
    await using folder = await preparedFolder()
    const server = startEmbeddedProcess(folder.dataDir)
    await server.said(/^row 200$/)
    const guard = await parentOf(await postmasterPid(folder.dataDir))
    const all = (await processesOf(folder.dataDir)).map((survivor) => survivor.pid)
    for (const pid of [guard, server.child.pid ?? 0, ...all]) process.kill(pid, 'SIGKILL')
    await server.kill()
    expect(await countKept(folder.dataDir)).toBeGreaterThanOrEqual(server.lastRow())
  })

  async function childrenOf(pid: number, except: number): Promise<readonly number[]> {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children
      .trim()
      .split(' ')
      .map(Number)
      .filter((child) => child !== except)
  }
})

describe('a stale pid file', () => {
  it.each([
    ['a process that is gone', () => 4_000_000],
    ['another program that got the number', () => process.pid],
    ['the first process of the machine', () => 1],
  ])('of %s does not keep PostgreSQL from starting', async (_name, pid) => {
    await using folder = await preparedFolder()
    await writePidFile(folder.dataDir, pid())
    await using server = await startServerIn(folder.dataDir)
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('of a zombie does not keep PostgreSQL from starting', async () => {
    await using folder = await preparedFolder()
    // A shell that becomes a program which never asks for its dead child; the child outlives the
    // shell, which would ask.
    const parent = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      const [line] = await once(parent.stdout, 'data')
      const zombie = Number(String(line))
      await eventually(async () => / Z /.test(await readFile(`/proc/${zombie}/stat`, 'utf8')))
      await writePidFile(folder.dataDir, zombie)
      await using server = await startServerIn(folder.dataDir)
      expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    } finally {
      parent.kill('SIGKILL')
    }
  })

  async function writePidFile(dataDir: string, pid: number): Promise<void> {
    const pgdata = join(dataDir, 'cluster', 'pgdata')
    const lines = [pid, pgdata, 1_700_000_000, 5432, join(dataDir, 'socket'), '', ' 1 1', 'ready']
    await writeFile(join(pgdata, 'postmaster.pid'), `${lines.join('\n')}\n`, { mode: 0o600 })
  }
})

describe('a full disk', () => {
  const MB = 1024 * 1024

  it('before there is a cluster is told, and leaves nothing behind', async (context) => {
    await using disk = await mountSmallDisk(20 * MB)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    const starting = startServerIn(join(disk.path, 'postgres'))
    await expect(starting).rejects.toMatchObject({ code: 'disk-full', retry: 'later' })
    await disk.resize(200 * MB)
    await using server = await startServerIn(join(disk.path, 'postgres'))
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('in operation is told, and with room again everything committed is there', async (context) => {
    await using disk = await mountSmallDisk(120 * MB)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    const dataDir = join(disk.path, 'postgres')
    await copyPreparedCluster(dataDir)
    const failures: unknown[] = []
    const log = { ...silentLog, error: (facts: object) => failures.push(...Object.values(facts)) }
    await using server = await startServerIn(dataDir, { log })
    const needs = { log: silentLog, clock: systemClock, random: systemRandom }
    await using database = openDatabase({ connection: server.connection, ...needs })
    await query(server.connection, 'create table kept (id serial, filling text)')
    let committed = 0
    const fill = async () => {
      for (;;) {
        await query(
          server.connection,
          `insert into kept (filling)
           select repeat(md5(n::text), 60) from generate_series(1, 500) n`,
        )
        committed += 500
      }
    }
    await expect(fill()).rejects.toThrow()
    await writeFile(join(disk.path, 'rest'), Buffer.alloc(130 * MB)).catch(() => {})
    const making = database.write((tx) =>
      tx.schema.createTable('another').addColumn('id', 'integer').execute(),
    )
    await expect(making).rejects.toMatchObject({ retry: 'later' })
    // It cannot even start now; the supervisor keeps trying.
    process.kill(await postmasterPid(dataDir), 'SIGKILL')
    await eventually(async () => !server.isUp())
    await eventually(async () => failures.join().includes('disk-full'))
    await disk.resize(400 * MB)
    await eventually(() => query(server.connection, 'select 1').then(Boolean, () => false), 60_000)
    const [row] = await query(server.connection, 'select count(*)::int as rows from kept')
    expect(row.rows).toBeGreaterThanOrEqual(committed)
  })
})
