/** What readers of others say of our packages: msitools, 7-Zip and file(1). */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import type { PackageSpec } from '../package-spec.ts'
import { LONG_PATHS, type SampleStore, sampleNeeds, sampleRelease } from '../sample.suite.ts'
import { msiUpgradeWriter, msiWriter } from './msi.ts'
import { sampleProgram } from './program.suite.ts'
import { readMsi } from './read-msi.suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'drydock-msi-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Made = {
  readonly path: string
  readonly spec: PackageSpec
  readonly store: SampleStore
  readonly bytes: Uint8Array
}

/** With files that are long enough for a cabinet of many blocks. */
async function made(writer = msiWriter): Promise<Made> {
  const target = { platform: 'windows', arch: 'x64', libc: 'none' } as const
  const { spec: small, store } = sampleRelease({ spec: { target }, extraPaths: LONG_PATHS })
  const launcher = store.add(sampleProgram([1, 4, 5, 0], { headLength: 300_000 }))
  const noise = store.add(Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * at) >> 7)))
  const file = { path: 'payload/noise', executable: false, artifact: noise }
  const files = [...small.files, file].toSorted((one, other) => (one.path < other.path ? -1 : 1))
  const spec = { ...small, launcher, files }
  const bytes = store.assemble(await writer.write(spec, sampleNeeds(store)))
  const path = join(folder, writer.fileName(spec))
  writeFileSync(path, bytes)
  return { path, spec, store, bytes }
}

function run(...[program, ...args]: readonly [string, ...string[]]): SpawnSyncReturns<string> {
  const env = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' }
  // msiinfo writes the streams of a table into the folder it is in.
  return spawnSync(program, args, { encoding: 'utf8', env, cwd: folder })
}

describe.skipIf(!needs('msiinfo', 'msiextract'))(
  'a package for Windows, to msitools (needs msiinfo, msiextract)',
  () => {
    it.each([msiWriter, msiUpgradeWriter])('has the rows that were written', async (writer) => {
      const { path, bytes } = await made(writer)
      for (const [name, rows] of readMsi(bytes).tables) {
        const exported = run('msiinfo', 'export', path, name)
        expect(exported.status, name).toBe(0)
        // Names, types and keys of columns come first.
        const lines = exported.stdout.split('\r\n').slice(3, -1)
        const expected = rows.map((row) =>
          Object.values(row)
            .map((cell) =>
              cell === '(stream)' ? `${name}.${Object.values(row)[0]}` : (cell ?? ''),
            )
            .join('\t'),
        )
        expect(lines.toSorted(), name).toEqual(expected.toSorted())
      }
    })

    it('has the files of the release, byte for byte', async () => {
      const { path, spec, store } = await made()
      const out = join(folder, 'out')
      expect(run('msiextract', '-C', out, path).status).toBe(0)
      const at = (name: string) => readFileSync(join(out, 'Drydock Agent', name))
      expect(at('drydock-agent.exe').equals(store.contentOf(spec.launcher))).toBe(true)
      expect(at('enrolment.json').equals(spec.enrolment)).toBe(true)
      for (const file of spec.files) {
        const isSame = at(`seed/${file.path}`).equals(store.contentOf(file.artifact))
        expect([file.path, isSame]).toEqual([file.path, true])
      }
    })
  },
)

describe.skipIf(!needs('7z', 'file'))('a package for Windows (needs 7z, file)', () => {
  it('is one to file(1)', async () => {
    const { path } = await made()
    expect(run('file', path).stdout).toMatch(/MSI Installer.*Template: x64;1033.*Pages: 500/)
  })

  it('is whole to 7-Zip, and its cabinets are', async () => {
    const { path } = await made()
    expect(run('7z', 't', path).status).toBe(0)
    for (const cabinet of ['0Cabinet', 'Settings']) {
      run('7z', 'e', '-y', `-o${folder}`, path, cabinet)
      expect(run('7z', 't', join(folder, cabinet)).status, cabinet).toBe(0)
    }
  })

  it.each([0.2, 0.5, 0.8])(
    'has a cabinet that 7-Zip refuses with a bit flipped at %f',
    async (where) => {
      const { path, bytes } = await made()
      const { length } = readMsi(bytes).streams.get('0Cabinet') ?? []
      const flipped = Buffer.from(bytes)
      const at = 512 + Math.floor(Number(length) * where)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      writeFileSync(path, flipped)
      run('7z', 'e', '-y', `-o${folder}`, path, '0Cabinet')
      expect(run('7z', 't', join(folder, '0Cabinet')).status).not.toBe(0)
    },
  )
})
