import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { fromUtf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import type { Target } from '../../base/platform.ts'
import { readTarGz } from '../archive/read-tar.suite.ts'
import { expectGolden } from '../golden.suite.ts'
import type { Build } from '../package-spec.ts'
import { SAMPLE_TIMESTAMP, sampleNeeds, sampleRelease } from '../sample.suite.ts'
import { lengthOf } from '../writer.ts'
import { upgradeShWriter, writeUpgradeSh } from './upgrade-sh.ts'

const X64: Target = { platform: 'linux', arch: 'x64', libc: 'glibc' }
const MUSL: Target = { platform: 'linux', arch: 'arm64', libc: 'musl' }
const END = '\nmain "$@"; exit $?\n'

/** Builds for two targets. */
function sample() {
  const { spec, store } = sampleRelease({ spec: { target: X64 } })
  const { launcher, files, manifest } = spec
  const other: Build = { launcher, files: files.slice(0, 2), manifest, target: MUSL }
  return { spec: { ...spec, otherBuilds: [other] }, store }
}

function written() {
  const { spec, store } = sample()
  const bytes = store.assemble(writeUpgradeSh(spec))
  const end = Buffer.from(bytes).indexOf(END) + END.length
  return { spec, bytes, script: fromUtf8(bytes.subarray(0, end)), archive: bytes.subarray(end) }
}

/** Of the script for both kinds of Mac, without its archive. */
function forMacs(): string {
  const target = (arch: Target['arch']): Target => ({ platform: 'macos', arch, libc: 'none' })
  const { spec } = sampleRelease({ spec: { target: target('x64') } })
  const { launcher, files, manifest } = spec
  const otherBuilds = [{ launcher, files, manifest, target: target('arm64') }]
  const [script] = writeUpgradeSh({ ...spec, otherBuilds })
  if (script?.kind !== 'bytes') throw new Error('the script comes first')
  return fromUtf8(script.bytes)
}

describe('the writer of upgrade scripts', () => {
  it('gives the same bytes for the same spec, and few of its own', async () => {
    const bytes = written().bytes
    expect(Buffer.compare(bytes, written().bytes)).toBe(0)
    const { spec, store } = sample()
    const segments = await upgradeShWriter.write(spec, sampleNeeds(store))
    expect(lengthOf(segments.filter(({ kind }) => kind === 'bytes'))).toBeLessThan(64 * 1024)
  })

  it('names every file of every build as an artifact, and no launcher', async () => {
    const { spec, store } = sample()
    const segments = await upgradeShWriter.write(spec, sampleNeeds(store))
    const named = segments.flatMap((each) => (each.kind === 'artifact' ? [each.digest] : []))
    const files = [spec, ...spec.otherBuilds].flatMap((build) => build.files)
    expect(named).toEqual(files.map((file) => file.artifact.gzipDigest))
    expect(named).not.toContain(spec.launcher.gzipDigest)
  })

  it('writes the script as it was reviewed', () => {
    const { script } = written()
    expectGolden(join(import.meta.dirname, '_golden', 'upgrader'), script)
    expect(script).not.toMatch(/@[A-Z]/)
  })

  it('writes the script for Macs as it was reviewed', () => {
    expectGolden(join(import.meta.dirname, '_golden', 'upgrader-macos'), forMacs())
  })

  it('has a folder for each target, with the seed and the enrolment', async () => {
    const { spec, archive, script } = written()
    const entries = (await readTarGz(archive)).filter(({ type }) => type === 'file')
    const paths = (folder: string, files: readonly { path: string }[]) => [
      `${folder}/rehome.json`,
      `${folder}/seed/manifest.json`,
      ...files.map(({ path }) => `${folder}/seed/${path}`),
    ]
    const expected = [
      'SHA256SUMS',
      ...paths('linux-x64', spec.files),
      ...paths('linux-arm64-musl', spec.otherBuilds[0]?.files ?? []),
    ]
    expect(entries.map(({ path }) => path)).toEqual(expected)
    const modes = new Map(entries.map(({ path, mode }) => [path, mode]))
    expect(modes.get('linux-x64/rehome.json')).toBe(0o600)
    expect(modes.get('linux-x64/seed/payload/bin/sensor')).toBe(0o755)
    expect(new Set(entries.map(({ modified }) => modified))).toEqual(new Set([SAMPLE_TIMESTAMP]))
    const [sums, ...files] = entries
    const lines = files.map(({ path, bytes }) => `${digestOf(bytes)}  ${path}\n`).join('')
    expect(fromUtf8(sums?.bytes ?? new Uint8Array())).toBe(lines)
    expect(script).toContain(`sums_digest=${digestOf(lines)}\n`)
  })

  it('is refused for a path in any build that climbs out', () => {
    const { spec } = sample()
    const [other] = spec.otherBuilds
    if (other === undefined) throw new Error('there is another build')
    const [file] = other.files
    if (file === undefined) throw new Error('it has a file')
    const bad = { ...other, files: [{ ...file, path: '../../etc/shadow' }] }
    expect(() => writeUpgradeSh({ ...spec, otherBuilds: [bad] })).toThrow(/not portable/)
    const windows = {
      ...other,
      target: { platform: 'windows', arch: 'x64', libc: 'none' } as const,
    }
    expect(() => writeUpgradeSh({ ...spec, otherBuilds: [windows] })).toThrow(/not supported/)
  })

  const shells = [
    ['dash', ['-n']],
    ['bash', ['--posix', '-n']],
    ['busybox', ['sh', '-n']],
  ] as const
  describe.each(shells)('in %s', (shell, words) => {
    it.skipIf(!needs(shell))(`is read without a complaint (needs ${shell})`, () => {
      for (const input of [written().script, forMacs()]) {
        const done = spawnSync(shell, words, { input, encoding: 'utf8' })
        expect(done.stderr).toBe('')
        expect(done.status).toBe(0)
      }
    })
  })
})
