import { chmod, chown, cp, lstat, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyPreparedCluster } from '../testing/database.ts'
import { startEmbeddedProcess } from '../testing/embedded-process.ts'
import { postmasterPid, processesOf, query, startServerIn } from '../testing/embedded-server.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { findBinaries, inspectBinaries } from './binaries.ts'
import { DATABASE_UID, type RunAs, waysFor } from './run-as.ts'

const isRoot = process.getuid?.() === 0
const AN_ORDINARY_UID = 61_000

/** A folder that others may pass, unlike what mkdtemp makes. */
async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await temporaryFolder()
  await chmod(folder.path, 0o755)
  return folder
}

function wayNamed(name: RunAs['way']): RunAs {
  const way = waysFor(0).find((candidate) => candidate.way === name)
  if (way === undefined) throw new Error(`no way ${name}`)
  return way
}

async function uidOf(dataDir: string): Promise<number> {
  return (await lstat(`/proc/${await postmasterPid(dataDir)}`)).uid
}

/** Effective capabilities of the postmaster. */
async function capabilitiesOf(dataDir: string): Promise<string> {
  const status = await readFile(`/proc/${await postmasterPid(dataDir)}/status`, 'utf8')
  return /^CapEff:\s+(\w+)$/m.exec(status)?.[1] ?? ''
}

describe.skipIf(!isRoot)('PostgreSQL started by root (needs root)', () => {
  it('runs in a user namespace below a folder that only root may pass', async (context) => {
    await using folder = await temporaryFolder()
    const dataDir = join(folder.path, 'postgres')
    const ways = [wayNamed('user-namespace')]
    try {
      await using server = await startServerIn(dataDir, { ways })
      expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
      expect((await lstat(join(dataDir, 'cluster', 'pgdata'))).uid).toBe(0)
    } catch (error) {
      if (!String(error).includes('embedded-postgres-cannot-run')) throw error
      context.skip('needs the right to make a user namespace')
    }
  })

  it('runs as another user where everybody may pass', async () => {
    await using folder = await openFolder()
    const dataDir = join(folder.path, 'postgres')
    await using server = await startServerIn(dataDir, { ways: [wayNamed('other-user')] })
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await uidOf(dataDir)).toBe(DATABASE_UID)
    expect(await capabilitiesOf(dataDir)).toBe('0000000000000000')
    expect((await processesOf(dataDir, DATABASE_UID)).length).toBeGreaterThan(0)
  })

  it('runs as another user that may pass folders, where only root may', async () => {
    await using folder = await temporaryFolder()
    const dataDir = join(folder.path, 'postgres')
    const ways = [wayNamed('other-user'), wayNamed('other-user-past-folders')]
    await using server = await startServerIn(dataDir, { ways })
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await uidOf(dataDir)).toBe(DATABASE_UID)
    // CAP_DAC_OVERRIDE, bit 1, and nothing else (linux/capability.h).
    expect(await capabilitiesOf(dataDir)).toBe('0000000000000002')
  })

  it('keeps its data when the way changes, in either direction', async () => {
    await using folder = await openFolder()
    const dataDir = join(folder.path, 'postgres')
    await copyPreparedCluster(dataDir)
    const order = ['other-user', 'user-namespace', 'other-user'] as const
    for (const [round, way] of order.entries()) {
      await using server = await startServerIn(dataDir, { ways: [wayNamed(way)] })
      await query(server.connection, `create table round_${round} (id int)`)
      const kept = `select count(*)::int as tables from pg_tables where tablename like 'round_%'`
      expect(await query(server.connection, kept)).toEqual([{ tables: round + 1 }])
    }
  })

  it('refuses with every reason when no way works', async () => {
    await using folder = await temporaryFolder()
    const broken = { ...wayNamed('user-namespace'), prefix: ['false'] }
    const ways = [broken, wayNamed('other-user')]
    const starting = startServerIn(join(folder.path, 'postgres'), { ways })
    await expect(starting).rejects.toMatchObject({
      code: 'embedded-postgres-cannot-run',
      cause: { message: expect.stringMatching(/user-namespace: .*other-user: /s) },
    })
  })

  it('belongs to root: an ordinary user is refused, and nothing is touched', async () => {
    await using folder = await openFolder()
    const dataDir = join(folder.path, 'postgres')
    await copyPreparedCluster(dataDir)
    const server = startEmbeddedProcess(dataDir, asOrdinaryUser())
    expect(await server.said(/^failed/)).toMatch(/data-dir-not-/)
    expect(await readdir(dataDir)).toEqual(['cluster'])
  })
})

describe.skipIf(!isRoot)('PostgreSQL started by an ordinary user (needs root)', () => {
  it('runs as that user, outlives kill -9 and stops in good order', async () => {
    await using folder = await openFolder()
    await chown(folder.path, AN_ORDINARY_UID, AN_ORDINARY_UID)
    const dataDir = join(folder.path, 'postgres')
    const killed = startEmbeddedProcess(dataDir, asOrdinaryUser())
    await killed.said(/^row 50$/)
    expect(await uidOf(dataDir)).toBe(AN_ORDINARY_UID)
    await killed.kill()
    const next = startEmbeddedProcess(dataDir, asOrdinaryUser())
    await next.said(/^ready$/)
    await next.said(/^row /)
    expect(await next.stop()).toBe(0)
    expect(next.lastRow()).toBeGreaterThan(killed.lastRow())
    expect(await processesOf(dataDir, AN_ORDINARY_UID)).toEqual([])
  })
})

function asOrdinaryUser(): readonly string[] {
  const id = AN_ORDINARY_UID
  return ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--']
}

describe('the programs', () => {
  it('work where npm ran no scripts and nobody may write beside them', async () => {
    await using folder = await openFolder()
    const found = await findBinaries()
    const original = dirname(dirname(dirname(found.postgres)))
    const copy = join(folder.path, 'package')
    await mkdir(copy)
    await cp(original, copy, {
      recursive: true,
      filter: async (source) => !(await lstat(source)).isSymbolicLink(),
    })
    const libraries = join(copy, 'native', 'lib')
    await chmod(libraries, 0o555)
    await using cleanUp = new AsyncDisposableStack()
    cleanUp.defer(() => chmod(libraries, 0o755))
    const binaries = await inspectBinaries(copy)
    expect([...binaries.missingLinks.keys()]).toContain('libpq.so.5')
    const before = await readdir(libraries)
    const dataDir = join(folder.path, 'postgres')
    await using server = await startServerIn(dataDir, { binaries })
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await readdir(libraries)).toEqual(before)
  })

  it.each([
    ['freebsd', 'x64', 'embedded-postgres-unsupported'],
    ['win32', 'x64', 'embedded-postgres-unsupported'],
    ['darwin', 'arm64', 'embedded-postgres-missing'],
  ])('of %s on %s are refused: %s', async (platform, arch, code) => {
    // This machine has the packages of its own platform only.
    if (platform === process.platform) return
    await expect(findBinaries(platform, arch)).rejects.toMatchObject({ code, retry: 'never' })
  })
})
