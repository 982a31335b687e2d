import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { digestOf } from '../base/digest.ts'
import { systemRandom } from '../base/random.ts'
import type { DerivedPart } from '../pack/writer.ts'
import { type Artifacts, openArtifacts } from '../store/artifacts.ts'
import type { Database } from '../store/open.ts'
import { isMemberKnown, type StoredArtifact } from '../store/releases.ts'
import { startTestDatabase } from '../store/testing/database.ts'
import { createDerivedParts } from './derived-parts.ts'

let database: Database
let artifacts: Artifacts
let folder: string
let source: StoredArtifact
const opened = new AsyncDisposableStack()
const RUNNING = { clock: systemClock, stopping: new AbortController().signal }
/** Longer than one part of a stream. */
const CONTENT = utf8('some content of a release '.repeat(100_000))

beforeAll(async () => {
  database = opened.use(await startTestDatabase())
  folder = await mkdtemp(join(tmpdir(), 'drydock-derived-'))
  opened.defer(() => rm(folder, { recursive: true }))
  artifacts = await openArtifacts(folder, systemRandom)
  const put = await artifacts.putStream(
    (async function* () {
      yield CONTENT
    })(),
    { limitBytes: CONTENT.length },
  )
  if (!put.ok) throw new Error(put.refusal.code)
  source = put.value
})
afterAll(() => opened.disposeAsync())

/** Notes each making; the content and an end. */
function part(recipe: string, made: string[]): DerivedPart {
  return {
    recipe,
    parameters: 'none',
    sources: [source],
    async *make(content) {
      made.push(recipe)
      let size = 0
      for await (const bytes of content(source)) {
        size += bytes.length
        yield bytes
      }
      yield utf8('end')
      return JSON.stringify({ size })
    },
  }
}

const EXPECTED = digestOf(Buffer.concat([CONTENT, utf8('end')]))

describe('what is derived from a release', () => {
  it('is made once, out of the content, and found again by another server', async () => {
    const made: string[] = []
    const derive = createDerivedParts({ database, artifacts, ...RUNNING })
    const [first, second] = await Promise.all([
      derive(part('once', made)),
      derive(part('once', made)),
    ])
    expect(first).toEqual({
      digest: EXPECTED,
      size: CONTENT.length + 3,
      notes: JSON.stringify({ size: CONTENT.length }),
    })
    expect(second).toEqual(first)
    const other = createDerivedParts({ database, artifacts, ...RUNNING })
    expect(await other(part('once', made))).toEqual(first)
    expect(made).toEqual(['once'])
    expect(await artifacts.verify(first.digest)).toBe(true)
  })

  it('is another part when it is made in another way', async () => {
    const made: string[] = []
    const derive = createDerivedParts({ database, artifacts, ...RUNNING })
    await derive(part('one', made))
    await derive(part('another', made))
    expect(made).toEqual(['one', 'another'])
  })

  it('is made again when its bytes were lost', async () => {
    const made: string[] = []
    const derive = createDerivedParts({ database, artifacts, ...RUNNING })
    const { digest } = await derive(part('lost', made))
    await artifacts.remove(digest, async () => false)
    expect(await artifacts.has(digest)).toBe(false)
    await derive(part('lost', made))
    expect(made).toEqual(['lost', 'lost'])
    expect(await artifacts.has(digest)).toBe(true)
  })

  it('is found as it was made last, when it came out otherwise than what was lost', async () => {
    const made: string[] = []
    const derive = createDerivedParts({ database, artifacts, ...RUNNING })
    const { digest } = await derive(part('otherwise', made))
    await artifacts.remove(digest, async () => false)
    const otherwise: DerivedPart = {
      ...part('otherwise', made),
      async *make() {
        made.push('otherwise')
        yield utf8('of another compressor')
        return ''
      },
    }
    const again = await derive(otherwise)
    expect(again.digest).not.toBe(digest)
    expect(await derive(otherwise)).toEqual(again)
    expect(made).toHaveLength(2)
    expect(await isMemberKnown(database.read, again.digest)).toBe(true)
  })

  it('ends halfway when the server stops, and is made after the next start', async () => {
    const made: string[] = []
    const stopping = new AbortController()
    const derive = createDerivedParts({
      database,
      artifacts,
      ...RUNNING,
      stopping: stopping.signal,
    })
    const wanted = part('stopped', made)
    const slow: DerivedPart = {
      ...wanted,
      async *make(content) {
        for await (const bytes of content(source)) {
          stopping.abort()
          yield bytes
        }
        return ''
      },
    }
    await expect(derive(slow)).rejects.toMatchObject({ code: 'server-stopping', retry: 'later' })
    expect(await readdir(join(folder, 'partial'))).toEqual([])
    const afterwards = createDerivedParts({ database, artifacts, ...RUNNING })
    expect(await afterwards(wanted)).toMatchObject({ digest: EXPECTED })
  })

  it('leaves nothing behind when making it fails, and is made at the next asking', async () => {
    const made: string[] = []
    const derive = createDerivedParts({ database, artifacts, ...RUNNING })
    const good = part('flaky', made)
    const bad: DerivedPart = {
      ...good,
      async *make(content) {
        for await (const bytes of content(source)) {
          yield bytes
          throw new Error('halfway')
        }
        return ''
      },
    }
    await expect(derive(bad)).rejects.toThrow('halfway')
    expect(await derive(good)).toMatchObject({ digest: EXPECTED })
  })

  it('says so when a source is not in the store', async () => {
    const derive = createDerivedParts({ database, artifacts, ...RUNNING })
    const gone = { ...source, gzipDigest: digestOf('gone') }
    const made: string[] = []
    const lost: DerivedPart = {
      ...part('gone', made),
      async *make(content) {
        yield* content(gone)
        return ''
      },
    }
    await expect(derive(lost)).rejects.toMatchObject({ code: 'artifact-missing' })
  })
})
