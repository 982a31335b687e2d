import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { sql } from 'kysely'
import { extract, pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { digestOf } from '../base/digest.ts'
import { systemRandom } from '../base/random.ts'
import { artifactPath, openArtifacts } from './artifacts.ts'
import { saveBackup, writeBackup } from './backup.ts'
import { inOrder } from './catalogue.ts'
import { type DataFolder, dataFolder } from './data-folder.ts'
import { loadAppliedMigrations, migrate } from './migrate.ts'
import { ALL_MIGRATIONS } from './migrations/all.ts'
import type { Database } from './open.ts'
import { type RestoreNeeds, restoreBackup } from './restore.ts'
import { openInstanceSecret } from './secret.ts'
import { createTestDatabase, openTestDatabase, startTestDatabase } from './testing/database.ts'
import { fillFleet } from './testing/fleet.ts'
import { temporaryFolder } from './testing/folder.ts'
import { mountSmallDisk } from './testing/small-disk.ts'

// Everything that COPY's text has to escape.
const AWKWARD = 'tab\t newline\n backslash\\ \\N \\. quote\' "é" \u{1F6A2}'

/** Of the audit log, however many entries it has: more than two pieces of a table. */
const AUDIT_BYTES = 2_500_000

/**
 * A server's worth of data: every kind of column, rows that refer to others, artifacts, secrets.
 */
async function fill(database: Database, folder: DataFolder, entries: number): Promise<void> {
  await mkdir(folder.root, { recursive: true })
  await openInstanceSecret(folder.secret, systemRandom)
  await writeFile(folder.adminKey, '{"id":1,"key":"k","mode":"standard"}', { mode: 0o600 })
  const artifacts = await openArtifacts(folder.artifacts, systemRandom)
  for (const content of [utf8('small'), randomBytes(300_000), new Uint8Array()]) {
    const stored = await artifacts.putStream(Readable.from([content]), { limitBytes: 1_000_000 })
    if (!stored.ok) throw new Error(stored.refusal.code)
    const { digest, size, md5, gzipDigest, gzipSize } = stored.value
    await database.write((tx) =>
      tx
        .insertInto('artifact')
        .values({ digest, size, md5, gzip_digest: gzipDigest, gzip_size: gzipSize, created_at: 1 })
        .execute(),
    )
  }
  await database.write(async (tx) => {
    await tx
      .insertInto('signing_key')
      .values({ key_id: 'k', public_key: AWKWARD, sealed_private: randomBytes(100), created_at: 2 })
      .execute()
    await tx
      .insertInto('setting')
      .values({ name: AWKWARD, value: JSON.stringify({ deep: [null, true, AWKWARD] }) })
      .execute()
    const bytes = Math.floor(AUDIT_BYTES / entries)
    await sql`insert into audit (at, actor, action, subject, description, after)
      select 2 ^ 52 - n, 'server', 'x', ${AWKWARD}, repeat('d', ${bytes}), '{}'
      from generate_series(1, ${entries}) n`.execute(tx)
    await sql`delete from audit where id > ${entries - 100}`.execute(tx)
  })
}

async function contentsOf(database: Database): Promise<unknown> {
  const { read } = database
  return {
    artifacts: await read.selectFrom('artifact').selectAll().orderBy('digest').execute(),
    keys: await read.selectFrom('signing_key').selectAll().execute(),
    settings: await read.selectFrom('setting').selectAll().execute(),
    audit: await read.selectFrom('audit').selectAll().orderBy('id').execute(),
    migrations: await loadAppliedMigrations(read),
  }
}

/** Every file below a folder but the database's, with its bytes' digest and its mode. */
async function filesOf(folder: DataFolder): Promise<readonly string[]> {
  const names = (await readdir(folder.root, { recursive: true })).toSorted()
  const lines: string[] = []
  for (const name of names) {
    const path = join(folder.root, name)
    const found = await stat(path)
    if (!found.isFile()) continue
    lines.push(`${name} ${(found.mode & 0o777).toString(8)} ${digestOf(await readFile(path))}`)
  }
  return lines
}

async function target() {
  const temporary = await temporaryFolder()
  const empty = await createTestDatabase()
  const folder = dataFolder(join(temporary.path, 'data'))
  const needs: RestoreNeeds = {
    connection: empty.connection,
    folder,
    migrations: ALL_MIGRATIONS,
    clock: systemClock,
  }
  return {
    needs,
    folder,
    async [Symbol.asyncDispose]() {
      await empty[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

async function source(entries = 500) {
  const temporary = await temporaryFolder()
  const database = await startTestDatabase()
  const folder = dataFolder(join(temporary.path, 'data'))
  await fill(database, folder, entries)
  return {
    database,
    folder,
    needs: { connection: database.connection, folder, clock: systemClock },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

async function backupBytes(needs: Parameters<typeof writeBackup>[0]): Promise<Buffer> {
  await using temporary = await temporaryFolder()
  const file = join(temporary.path, 'backup.tar')
  await saveBackup(needs, file)
  return readFile(file)
}

describe('backup and restore', () => {
  it('bring everything back: rows, artifacts, secrets, and numbers that were given', async () => {
    await using from = await source(30_000)
    await using to = await target()
    await using temporary = await temporaryFolder()
    const file = join(temporary.path, 'backup.tar')
    const summary = await saveBackup(from.needs, file)
    expect(summary).toMatchObject({ rows: 29_905, artifacts: 3 })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(temporary.path)).toEqual(['backup.tar'])

    const outcome = await restoreBackup(to.needs, Readable.from([await readFile(file)]))
    expect(outcome).toMatchObject({ ok: true, value: { rows: 29_905, artifacts: 3 } })
    expect(await filesOf(to.folder)).toEqual(await filesOf(from.folder))
    await using restored = openTestDatabase(to.needs.connection)
    expect(await contentsOf(restored)).toEqual(await contentsOf(from.database))
    // 30,000 numbers were given before; the last hundred rows are gone, their numbers stay used.
    const [next] = await restored.write((tx) =>
      tx
        .insertInto('audit')
        .values({
          ...{ at: 1, actor: 'a', action: 'b', subject: 'c' },
          ...{ result: 'success', description: '', after: '{}' },
        })
        .returning('id')
        .execute(),
    )
    expect(next?.id).toBe(30_001)
    await migrate(restored, ALL_MIGRATIONS, { log: console, clock: systemClock })
  })

  it('bring back endpoints with what the database keeps of them by itself', async () => {
    await using from = await source()
    await using to = await target()
    await fillFleet(from.database.connection, 200, 1_790_000_000_000)
    const bytes = await backupBytes(from.needs)
    expect((await restoreBackup(to.needs, Readable.from([bytes]))).ok).toBe(true)
    await using restored = openTestDatabase(to.needs.connection)
    const endpointsOf = async ({ read }: Database) => ({
      endpoints: await read.selectFrom('endpoint').selectAll().orderBy('id').execute(),
      tags: await read
        .selectFrom('endpoint_tag')
        .selectAll()
        .orderBy('endpoint_id')
        .orderBy('tag')
        .execute(),
    })
    const brought = await endpointsOf(restored)
    expect(brought.tags.length).toBeGreaterThan(400)
    expect(brought).toEqual(await endpointsOf(from.database))
  })

  it('take one moment of a database that goes on changing', async () => {
    await using from = await source()
    await using to = await target()
    let isDone = false
    const writing = (async () => {
      for (let at = 0; !isDone; at++) {
        await from.database.write(async (tx) => {
          const key = { key_id: `pair-${at}`, public_key: 'p', created_at: at }
          await tx
            .insertInto('signing_key')
            .values({ ...key, sealed_private: Buffer.of(1) })
            .execute()
          await tx
            .insertInto('setting')
            .values({ name: `pair-${at}`, value: '1' })
            .execute()
        })
      }
    })()
    const bytes = await backupBytes(from.needs)
    isDone = true
    await writing
    expect((await restoreBackup(to.needs, Readable.from([bytes]))).ok).toBe(true)
    await using restored = openTestDatabase(to.needs.connection)
    const pairs = (table: 'signing_key' | 'setting', column: 'key_id' | 'name') =>
      sql<{ name: string }>`select ${sql.ref(column)} as name from ${sql.table(table)}
        where ${sql.ref(column)} like 'pair-%' order by 1`.execute(restored.read)
    expect((await pairs('signing_key', 'key_id')).rows).toEqual(
      (await pairs('setting', 'name')).rows,
    )
  })

  it('of an artifact whose bytes changed on the disk is refused, and no file appears', async () => {
    await using from = await source()
    await using temporary = await temporaryFolder()
    const { gzip_digest } = await from.database.read
      .selectFrom('artifact')
      .select('gzip_digest')
      .orderBy('size', 'desc')
      .executeTakeFirstOrThrow()
    const path = artifactPath(from.folder.artifacts, digestOf(''))
    const artifact = join(dirname(dirname(path)), gzip_digest.slice(0, 2), gzip_digest)
    const bytes = await readFile(artifact)
    bytes.writeUInt8(bytes.readUInt8(99) ^ 4, 99)
    await writeFile(artifact, bytes)
    const file = join(temporary.path, 'backup.tar')
    await expect(saveBackup(from.needs, file)).rejects.toMatchObject({ code: 'artifact-damaged' })
    await rm(artifact)
    await expect(saveBackup(from.needs, file)).rejects.toMatchObject({ code: 'artifact-missing' })
    expect(await readdir(temporary.path)).toEqual([])
  })
})

describe('a backup that cannot be written', () => {
  it('tells a full disk, and no file appears', async (context) => {
    await using from = await source()
    await using disk = await mountSmallDisk(600 * 1024)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    const saving = saveBackup(from.needs, join(disk.path, 'backup.tar'))
    await expect(saving).rejects.toMatchObject({ code: 'disk-full', retry: 'later' })
    expect(await readdir(disk.path)).toEqual([])
  })

  it('ends at once when the reader goes away in the middle of a large table', async () => {
    await using from = await source()
    await from.database.write((tx) =>
      sql`insert into setting select 'large' || n, to_jsonb(repeat('x', 100000))
        from generate_series(1, 300) n`.execute(tx),
    )
    let bytes = 0
    const reader = new Writable({
      write(chunk, _encoding, done) {
        bytes += chunk.length
        done(bytes > 5_000_000 ? new Error('gone') : null)
      },
    })
    await expect(writeBackup(from.needs, reader)).rejects.toThrow('gone')
  })
})

describe('a restore that is refused', () => {
  it('leaves a data folder alone that is not empty', async () => {
    await using from = await source()
    await using to = await target()
    const bytes = await backupBytes(from.needs)
    await mkdir(to.folder.root)
    await openInstanceSecret(to.folder.secret, systemRandom)
    const before = await filesOf(to.folder)
    const outcome = await restoreBackup(to.needs, Readable.from([bytes]))
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'not-empty' } })
    expect(await filesOf(to.folder)).toEqual(before)
  })

  it('leaves a database alone that is not empty', async () => {
    await using from = await source()
    await using to = await target()
    await using used = await startTestDatabase()
    const bytes = await backupBytes(from.needs)
    const needs = { ...to.needs, connection: used.connection }
    const outcome = await restoreBackup(needs, Readable.from([bytes]))
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'not-empty' } })
    expect(await readdir(dirname(to.folder.root))).toEqual([])
  })

  it('begins again over what a killed one left', async () => {
    await using from = await source()
    await using to = await target()
    const bytes = await backupBytes(from.needs)
    await mkdir(to.folder.artifacts, { recursive: true })
    await mkdir(`${to.folder.artifacts}.restoring`)
    await writeFile(join(to.folder.root, 'restoring'), '')
    await openInstanceSecret(to.folder.secret, systemRandom)
    expect((await restoreBackup(to.needs, Readable.from([bytes]))).ok).toBe(true)
    expect(await filesOf(to.folder)).toEqual(await filesOf(from.folder))
  })

  it('for a file cut short anywhere, or with any byte changed, leaves nothing behind', async () => {
    await using from = await source()
    await using to = await target()
    const bytes = await backupBytes(from.needs)
    const entries = await entriesOf(bytes)
    const attacks: [string, Buffer][] = [
      ['empty', Buffer.alloc(0)],
      ['no tar', Buffer.alloc(4096, 'x')],
      ['cut in the first entry', bytes.subarray(0, 600)],
      ['cut in the middle', bytes.subarray(0, Math.floor(bytes.length / 2))],
      ['cut before the manifest', await tarOf(entries.slice(0, -2))],
      ['cut before the seal', await tarOf(entries.slice(0, -1))],
      ['with more after its end', await tarOf([...entries, ['more', Buffer.from('x')]])],
      ['with an entry twice', await tarOf([entries[0] ?? ['', Buffer.alloc(0)], ...entries])],
      ['with a path that climbs out', await tarOf(renamed(entries, /^artifacts/, '../../x'))],
      ['with an artifact left out', await tarOf(without(entries, /^artifacts/))],
      ['with a piece of a table left out', await tarOf(without(entries, /^tables\/audit\/000001/))],
      ['with a table left out', await tarOf(without(entries, /^tables\/setting/))],
      ['without its secret', await tarOf(without(entries, /instance-secret/))],
    ]
    for (const [index, [name]] of entries.entries()) {
      attacks.push([`with a byte changed in ${name}`, await tarOf(changed(entries, index))])
    }
    for (const [name, attack] of attacks) {
      const outcome = await restoreBackup(to.needs, Readable.from([attack]))
      expect([name, outcome.ok || outcome.refusal.code]).toEqual([
        name,
        expect.stringMatching(/^backup-(damaged|newer|format-unknown)$/),
      ])
      expect([name, await readdir(to.folder.root)]).toEqual([name, []])
    }
    // And the very same place takes the whole file.
    expect((await restoreBackup(to.needs, Readable.from([bytes]))).ok).toBe(true)
  })

  it('names a backup of a newer version', async () => {
    await using from = await source()
    await using to = await target()
    const entries = await entriesOf(await backupBytes(from.needs))
    const edit = async (change: (head: Record<string, unknown>) => object) => {
      const [first, ...rest] = entries
      const head = change(JSON.parse(String(first?.[1])))
      const edited = await tarOf([['backup.json', Buffer.from(JSON.stringify(head))], ...rest])
      return restoreBackup(to.needs, Readable.from([edited]))
    }
    const newer = { migrations: [...ALL_MIGRATIONS.map(({ name }) => name), '9999-later'] }
    expect(await edit((head) => ({ ...head, ...newer }))).toEqual({
      ok: false,
      refusal: { code: 'backup-newer', migration: '9999-later' },
    })
    expect(await edit((head) => ({ ...head, format: 2, more: true }))).toEqual({
      ok: false,
      refusal: { code: 'backup-format-unknown', format: 2 },
    })
  })

  it('for want of room tells so, and takes back what it wrote', async (context) => {
    await using from = await source()
    await using to = await target()
    await using disk = await mountSmallDisk(128 * 1024)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    const bytes = await backupBytes(from.needs)
    const needs = { ...to.needs, folder: dataFolder(join(disk.path, 'data')) }
    const restoring = restoreBackup(needs, Readable.from([bytes]))
    await expect(restoring).rejects.toMatchObject({ code: 'disk-full', retry: 'later' })
    expect(await readdir(needs.folder.root)).toEqual([])
    // The database was left empty too.
    expect((await restoreBackup(to.needs, Readable.from([bytes]))).ok).toBe(true)
  })

  it('passes on what the disk or the network did to the file', async () => {
    await using to = await target()
    async function* broken() {
      yield Buffer.alloc(10)
      throw new Error('the disk is gone')
    }
    const restoring = restoreBackup(to.needs, Readable.from(broken()))
    await expect(restoring).rejects.toMatchObject({
      code: 'backup-unreadable',
      cause: { message: 'the disk is gone' },
    })
    expect(await readdir(to.folder.root)).toEqual([])
  })
})

type NamedBytes = [name: string, bytes: Buffer]

async function entriesOf(bytes: Buffer): Promise<NamedBytes[]> {
  const tar = extract()
  Readable.from([bytes]).pipe(tar as unknown as NodeJS.WritableStream)
  const entries: NamedBytes[] = []
  for await (const entry of tar) {
    const chunks: Uint8Array[] = []
    for await (const chunk of entry) chunks.push(chunk as Uint8Array)
    entries.push([entry.header.name, Buffer.concat(chunks)])
  }
  return entries
}

async function tarOf(entries: readonly NamedBytes[]): Promise<Buffer> {
  const tar = pack()
  for (const [name, bytes] of entries) tar.entry({ name }, bytes)
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

function renamed(entries: readonly NamedBytes[], what: RegExp, to: string): NamedBytes[] {
  return entries.map(([name, bytes]) => [name.replace(what, to), bytes])
}

function without(entries: readonly NamedBytes[], what: RegExp): NamedBytes[] {
  return entries.filter(([name]) => !what.test(name))
}

/** One digit or letter is another: what stays readable is the harder case. */
function changed(entries: readonly NamedBytes[], index: number): NamedBytes[] {
  return entries.map(([name, bytes], at) => {
    if (at !== index) return [name, bytes]
    const copy = Buffer.from(bytes)
    const place = Math.floor(copy.length / 2)
    copy.writeUInt8(copy.readUInt8(place) ^ 1, place)
    return [name, copy]
  })
}

describe('the order of tables', () => {
  it('puts each after those it refers to', () => {
    const references = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'd', to: 'a' },
    ]
    expect(inOrder(['a', 'b', 'c', 'd', 'e'], references)).toEqual(['c', 'e', 'b', 'a', 'd'])
  })

  it('has no answer for a circle', () => {
    const circle = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a' },
    ]
    expect(() => inOrder(['a', 'b'], circle)).toThrow(/circle/)
  })
})
