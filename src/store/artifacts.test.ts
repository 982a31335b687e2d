import { createHash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { digestOf } from '../base/digest.ts'
import { systemRandom } from '../base/random.ts'
import { type Artifacts, artifactPath, openArtifacts, type PutExpectation } from './artifacts.ts'
import { temporaryFolder } from './testing/folder.ts'
import { mountSmallDisk } from './testing/small-disk.ts'

const LIMIT = { limitBytes: 64 * 1024 * 1024 }

async function* chunks(bytes: Uint8Array, chunkBytes = 100_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** Every file below the folder. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

async function putWhole(artifacts: Artifacts, bytes: Uint8Array, expectation = LIMIT) {
  const outcome = await artifacts.putStream(chunks(bytes), expectation)
  if (!outcome.ok) throw new Error(outcome.refusal.code)
  return outcome.value
}

// Partly compressible, like programs are.
const program = Buffer.concat([
  randomBytes(300_000),
  Buffer.alloc(500_000, 'drydock'),
  randomBytes(70_001),
])

describe('storing an artifact', () => {
  it('keeps the content as one gzip member named by its digest', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const stored = await putWhole(artifacts, program)
    const member = await readFile(artifactPath(folder.path, stored.gzipDigest))
    expect(gunzipSync(member).equals(program)).toBe(true)
    expect(stored).toEqual({
      digest: digestOf(program),
      size: program.length,
      md5: createHash('md5').update(program).digest('hex'),
      gzipDigest: digestOf(member),
      gzipSize: member.length,
    })
    expect(await filesIn(folder.path)).toEqual([stored.gzipDigest])
  })

  it('gives the same bytes however the content arrives, also many times at once', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const sizes = [977, 16_384, 65_536, 65_537, 1_000_000]
    const stored = await Promise.all(
      sizes.map((size) => artifacts.putStream(chunks(program, size), LIMIT)),
    )
    expect(new Set(stored.map((outcome) => outcome.ok && outcome.value.gzipDigest)).size).toBe(1)
    expect((await filesIn(folder.path)).length).toBe(1)
  })

  it('carries neither time nor name nor operating system in the member', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest } = await putWhole(artifacts, program)
    const member = await readFile(artifactPath(folder.path, gzipDigest))
    expect(member.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff')
  })

  it('stores nothing of length nothing', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const stored = await putWhole(artifacts, new Uint8Array())
    expect(stored.size).toBe(0)
    const member = await readFile(artifactPath(folder.path, stored.gzipDigest))
    expect(gunzipSync(member).length).toBe(0)
  })

  const wrongDigest = digestOf('something else')
  const refused: readonly [string, PutExpectation, string][] = [
    ['longer than the limit', { limitBytes: program.length - 1 }, 'too-large'],
    ['of another size', { ...LIMIT, size: 5 }, 'size-differs'],
    ['of another digest', { ...LIMIT, digest: wrongDigest }, 'digest-differs'],
    ['too long and different', { limitBytes: 10, size: 5, digest: wrongDigest }, 'too-large'],
    ['of another size and digest', { ...LIMIT, size: 5, digest: wrongDigest }, 'size-differs'],
  ]
  it.each(refused)('refuses content %s, and nothing stays', async (_name, expectation, code) => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const outcome = await artifacts.putStream(chunks(program), expectation)
    expect(outcome).toMatchObject({ ok: false, refusal: { code } })
    expect(await filesIn(folder.path)).toEqual([])
  })

  it('accepts content that is exactly as expected and exactly at the limit', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const size = program.length
    const expectation = { limitBytes: size, size, digest: digestOf(program) }
    expect((await artifacts.putStream(chunks(program), expectation)).ok).toBe(true)
  })

  it('passes on what the source fails with, and nothing stays', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    async function* broken() {
      yield program
      throw new Error('the client went away')
    }
    await expect(artifacts.putStream(broken(), LIMIT)).rejects.toThrow('the client went away')
    expect(await filesIn(folder.path)).toEqual([])
  })

  it('tells a full disk, and nothing stays', async (context) => {
    await using disk = await mountSmallDisk(256 * 1024)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    const artifacts = await openArtifacts(disk.path, systemRandom)
    const small = await putWhole(artifacts, utf8('fits'))
    const storing = artifacts.putStream(chunks(program), LIMIT)
    await expect(storing).rejects.toMatchObject({ code: 'disk-full', retry: 'later' })
    expect(await filesIn(disk.path)).toEqual([small.gzipDigest])
    expect(await artifacts.verify(small.gzipDigest)).toBe(true)
  })

  it('removes what a crash left, when it is opened again', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'partial'))
    await writeFile(join(folder.path, 'partial', 'half'), program)
    await openArtifacts(folder.path, systemRandom)
    expect(await filesIn(folder.path)).toEqual([])
  })
})

describe('reading an artifact', () => {
  it('gives all of it, or a range', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest, gzipSize } = await putWhole(artifacts, program)
    const member = await readFile(artifactPath(folder.path, gzipDigest))
    const read = async (offset: number, length: number) =>
      await collect(await artifacts.openRead(gzipDigest, { offset, length }))
    expect(await read(0, gzipSize)).toEqual(member)
    expect(await read(10, 200_000)).toEqual(member.subarray(10, 200_010))
    expect(await read(gzipSize - 1, 1)).toEqual(member.subarray(-1))
    expect((await read(gzipSize, 0)).length).toBe(0)
    expect(await collect(await artifacts.openRead(gzipDigest))).toEqual(member)
    expect(await artifacts.size(gzipDigest)).toBe(gzipSize)
  })

  it('never reads beyond the end', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest, gzipSize } = await putWhole(artifacts, program)
    const reading = artifacts.openRead(gzipDigest, { offset: 1, length: gzipSize })
    await expect(reading).rejects.toThrow('a range lies inside')
  })

  it('tells a missing one before any byte is sent', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const missing = digestOf('missing')
    expect(await artifacts.has(missing)).toBe(false)
    const fault = { code: 'artifact-missing', retry: 'never' }
    await expect(artifacts.openRead(missing)).rejects.toMatchObject(fault)
    await expect(artifacts.size(missing)).rejects.toMatchObject(fault)
    await expect(artifacts.verify(missing)).rejects.toMatchObject(fault)
  })

  it('notices bytes that changed on the disk', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest } = await putWhole(artifacts, program)
    expect(await artifacts.verify(gzipDigest)).toBe(true)
    const path = artifactPath(folder.path, gzipDigest)
    const bytes = await readFile(path)
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000)
    await writeFile(path, bytes)
    expect(await artifacts.verify(gzipDigest)).toBe(false)
  })

  it('reads one part ahead of nobody, into one buffer, and closes when it is left', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest } = await putWhole(artifacts, randomBytes(1_000_000))
    const before = openFiles()
    const parts = await artifacts.openRead(gzipDigest)
    expect(openFiles()).toBe(before + 1)
    const first = await parts.next()
    const second = await parts.next()
    expect(second.value?.buffer).toBe(first.value?.buffer)
    await parts.return?.()
    expect(openFiles()).toBe(before)
  })

  it('closes a file that turned out shorter than it was', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest } = await putWhole(artifacts, randomBytes(1_000_000))
    const before = openFiles()
    const parts = await artifacts.openRead(gzipDigest)
    await truncate(artifactPath(folder.path, gzipDigest), 300_000)
    await expect(collect(parts)).rejects.toThrow('never gets shorter')
    expect(openFiles()).toBe(before)
  })
})

/** Of this process. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const part of parts) copies.push(Buffer.from(part))
  return Buffer.concat(copies)
}

describe('removing an artifact', () => {
  it('keeps what is referred to, and may be repeated', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest } = await putWhole(artifacts, utf8('one'))
    await artifacts.remove(gzipDigest, async () => true)
    expect(await artifacts.has(gzipDigest)).toBe(true)
    for (let round = 0; round < 2; round++) await artifacts.remove(gzipDigest, async () => false)
    expect(await artifacts.has(gzipDigest)).toBe(false)
  })

  it('waits until whoever stores the same again refers to it', async () => {
    await using folder = await temporaryFolder()
    const artifacts = await openArtifacts(folder.path, systemRandom)
    const { gzipDigest } = await putWhole(artifacts, utf8('again'))
    let isReferredTo = false
    const saving = Promise.withResolvers<void>()
    const saved = Promise.withResolvers<void>()
    const storing = artifacts.putStream(chunks(utf8('again')), LIMIT, async () => {
      saving.resolve()
      await saved.promise
      isReferredTo = true
    })
    await saving.promise
    const removing = artifacts.remove(gzipDigest, async () => isReferredTo)
    saved.resolve()
    await Promise.all([storing, removing])
    expect(await artifacts.has(gzipDigest)).toBe(true)
  })
})
