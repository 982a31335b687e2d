import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyPreparedCluster } from '../testing/database.ts'
import { startEmbeddedProcess } from '../testing/embedded-process.ts'
import { processesOf, query, startServerIn } from '../testing/embedded-server.ts'
import { temporaryFolder } from '../testing/folder.ts'

async function preparedFolder() {
  const folder = await temporaryFolder()
  const dataDir = join(folder.path, 'postgres')
  await copyPreparedCluster(dataDir)
  return { dataDir, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

const FILES_WHILE_UP = ['cluster', 'lock', 'lock-holder', 'socket']

describe('embedded PostgreSQL', () => {
  it('makes its cluster, answers on a socket alone, and leaves no process behind', async () => {
    await using folder = await temporaryFolder()
    const dataDir = join(folder.path, 'data', 'postgres')
    {
      await using server = await startServerIn(dataDir)
      expect(server.isUp()).toBe(true)
      const [row] = await query(
        server.connection,
        `select current_setting('listen_addresses') as addresses,
          current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
          current_setting('full_page_writes') as pages,
          current_setting('data_checksums') as checksums,
          current_setting('server_encoding') as encoding,
          (select datlocale from pg_database where datname = 'postgres') as locale`,
      )
      expect(row).toEqual({
        addresses: '',
        fsync: 'on',
        commit: 'on',
        pages: 'on',
        checksums: 'on',
        encoding: 'UTF8',
        locale: 'C.UTF-8',
      })
      expect((await processesOf(dataDir)).length).toBeGreaterThan(0)
      expect((await stat(join(dataDir, 'socket'))).mode & 0o777).toBe(0o700)
      expect((await stat(join(dataDir, 'cluster', 'password'))).mode & 0o777).toBe(0o600)
    }
    expect(await processesOf(dataDir)).toEqual([])
    expect((await readdir(dataDir)).toSorted()).toEqual(['cluster', 'lock', 'lock-holder'])
  })

  it('lets nobody in without the password', async () => {
    await using folder = await preparedFolder()
    await using server = await startServerIn(folder.dataDir)
    const { connection } = server
    if (connection.kind !== 'socket') throw new Error('it has a socket')
    const asking = query({ ...connection, password: 'guess' }, 'select 1')
    await expect(asking).rejects.toMatchObject({ code: '28P01' })
  })

  it('keeps what was written when it starts again', async () => {
    await using folder = await preparedFolder()
    {
      await using server = await startServerIn(folder.dataDir)
      await query(server.connection, 'create table kept as select 42 as answer')
    }
    await using server = await startServerIn(folder.dataDir)
    expect(await query(server.connection, 'select * from kept')).toEqual([{ answer: 42 }])
  })

  it('begins again where a kill cut initdb off', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'cluster.partial-x', 'pgdata'), { recursive: true })
    await writeFile(join(folder.path, 'cluster.partial-x', 'pgdata', 'PG_VERSION'), '18\n')
    await using server = await startServerIn(folder.path)
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await readdir(folder.path)).toSorted()).toEqual(FILES_WHILE_UP)
  })

  it('refuses a second server on the same folder, and the first goes on', async () => {
    await using folder = await preparedFolder()
    await using server = await startServerIn(folder.dataDir)
    const refused = { code: 'data-dir-in-use', retry: 'never' }
    await expect(startServerIn(folder.dataDir)).rejects.toMatchObject(refused)
    const other = startEmbeddedProcess(folder.dataDir)
    expect(await other.said(/^failed/)).toContain(`data-dir-in-use`)
    expect(await other.said(/^failed/)).toContain(`(process ${process.pid})`)
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('is free again for the next as soon as it has stopped', async () => {
    await using folder = await preparedFolder()
    for (const round of [1, 2, 3]) {
      await using server = await startServerIn(folder.dataDir)
      expect(await query(server.connection, `select ${round} as round`)).toEqual([{ round }])
    }
  })
})

describe('a cluster that is not ours to run', () => {
  it('of another major version is refused, and nothing is touched', async () => {
    await using folder = await preparedFolder()
    const versionFile = join(folder.dataDir, 'cluster', 'pgdata', 'PG_VERSION')
    await writeFile(versionFile, '17\n')
    const before = await snapshot(folder.dataDir)
    const starting = startServerIn(folder.dataDir)
    await expect(starting).rejects.toMatchObject({ code: 'data-dir-other-version', retry: 'never' })
    await expect(starting).rejects.toThrow(/PostgreSQL 17; this is 18/)
    expect(await snapshot(folder.dataDir)).toEqual(before)
  })

  it('without a version is refused', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'cluster', 'pgdata'), { recursive: true })
    const starting = startServerIn(folder.path)
    await expect(starting).rejects.toMatchObject({ code: 'data-dir-damaged' })
  })
})

/** Names, sizes and times of everything. */
async function snapshot(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder, { recursive: true })).toSorted()
  const facts = await Promise.all(names.map((name) => stat(join(folder, name))))
  return names.map((name, index) => {
    const fact = facts[index]
    return `${name} ${fact?.size} ${fact?.mtimeMs} ${fact?.uid} ${fact?.mode}`
  })
}

describe('where the data lies', () => {
  const paths: readonly [string, string][] = [
    ['longer than a socket address', `${'a'.repeat(60)}/${'b'.repeat(60)}`],
    ['with a space and a comma', 'my data, 2026'],
    ['with a percent sign and an at sign', '@50%41'],
    ['with letters beyond ASCII', 'données'],
  ]
  it.each(paths)('may be a path %s', async (_name, path) => {
    await using folder = await temporaryFolder()
    const dataDir = join(folder.path, path)
    await copyPreparedCluster(dataDir)
    let socketFolder = ''
    {
      await using server = await startServerIn(dataDir)
      expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
      socketFolder = await readFile(join(dataDir, 'socket-folder'), 'utf8')
      expect((await stat(socketFolder)).mode & 0o777).toBe(0o700)
    }
    await expect(stat(socketFolder)).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await readdir(dataDir)).toSorted()).toEqual(['cluster', 'lock', 'lock-holder'])
  })
})
