import { expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { isDigest } from '../../base/digest.ts'
import { deleteUnpublishedArtifacts } from '../../store/releases.ts'
import { type AssembledServer, startAssembledServer } from '../testing/assembled.ts'
import { forgetUnpublishedArtifacts, UNPUBLISHED_MS_MAX } from './remove-artifacts.ts'

const START = Date.parse('2026-11-22T08:00:00Z')
const RELEASE = { version: '2.0.0.1', platform: 'linux', arch: 'x64', libc: 'glibc' }

async function setUp() {
  const clock = new ManualClock(START)
  const server = await startAssembledServer({ clock })
  return { server, clock, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** Which of the digests have a row, and which of those rows their bytes. */
async function rowsAndBytes(server: AssembledServer, digests: readonly string[]) {
  const { read } = server.assembled.needs.database
  const rows = await read.selectFrom('artifact').select(['digest', 'gzip_digest']).execute()
  const known = rows.filter((row) => digests.includes(row.digest))
  const there = await Promise.all(
    known.map(({ gzip_digest: member }) => isDigest(member) && server.artifacts.has(member)),
  )
  return { rows: known.length, bytes: there.filter(Boolean).length }
}

async function clean(server: AssembledServer): Promise<void> {
  await forgetUnpublishedArtifacts(server.assembled.needs)
  await server.assembled.drain()
}

it('what no release is made of goes after a day, its bytes too; a published one stays', async () => {
  await using it = await setUp()
  const { server, clock } = it
  const published = await server.upload(Buffer.from('published'))
  const files = [{ path: 'agent.mjs', digest: published, executable: false }]
  const order = { ...RELEASE, launcher: published, files }
  expect((await server.call('releases/publish', order)).status).toBe(200)
  const old = await server.upload(Buffer.from('old'))
  const wanted = await server.upload(Buffer.from('old, and asked for again'))
  clock.advance(UNPUBLISHED_MS_MAX)
  const young = await server.upload(Buffer.from('young'))
  await server.call('releases/missing_artifacts', { digests: [wanted] })
  clock.advance(1)
  const { read } = server.assembled.needs.database
  const row = await read
    .selectFrom('artifact')
    .select('gzip_digest')
    .where('digest', '=', old)
    .executeTakeFirstOrThrow()
  await clean(server)
  expect(await rowsAndBytes(server, [published, wanted, young])).toEqual({ rows: 3, bytes: 3 })
  expect(await rowsAndBytes(server, [old])).toEqual({ rows: 0, bytes: 0 })
  expect(isDigest(row.gzip_digest) && (await server.artifacts.has(row.gzip_digest))).toBe(false)
})

it('what was uploaded again after its row went keeps its bytes', async () => {
  await using it = await setUp()
  const { server, clock } = it
  const digest = await server.upload(Buffer.from('again'))
  clock.advance(UNPUBLISHED_MS_MAX + 1)
  await forgetUnpublishedArtifacts(server.assembled.needs)
  await server.upload(Buffer.from('again'))
  await server.assembled.drain()
  expect(await rowsAndBytes(server, [digest])).toEqual({ rows: 1, bytes: 1 })
})

it('publishing at the same moment wins or is told what to upload, and never breaks', async () => {
  await using it = await setUp()
  const { server, clock } = it
  const { database } = server.assembled.needs
  for (let round = 0; round < 20; round++) {
    const digest = await server.upload(Buffer.from(`round ${round}`))
    clock.advance(UNPUBLISHED_MS_MAX + 1)
    const files = [{ path: 'agent.mjs', digest, executable: false }]
    const order = { ...RELEASE, version: `2.0.0.${round}`, launcher: digest, files }
    const [published] = await Promise.all([
      server.call('releases/publish', order),
      database.write((tx) =>
        deleteUnpublishedArtifacts(tx, { before: clock.now() - UNPUBLISHED_MS_MAX, limit: 10 }),
      ),
    ])
    const expected = published.status === 200 ? 1 : 0
    expect([200, 409]).toContain(published.status)
    expect(await rowsAndBytes(server, [digest])).toEqual({ rows: expected, bytes: expected })
  }
})
