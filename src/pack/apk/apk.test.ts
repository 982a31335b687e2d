import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeNeeds } from '../../../test/needs.ts'
import { utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import type { AgentVersion } from '../../base/version.ts'
import { contentOfEntry, readZip, storedEntry, writeZip } from '../archive/zip.ts'
import type { PackageSpec } from '../package-spec.ts'
import { sampleNeeds } from '../sample.suite.ts'
import { describeAppWriter, type ReadPackage } from '../writer.suite.ts'
import { withVersion } from './_axml.ts'
import { manifestVersion } from './_version.ts'
import { apkWriter, writeUpgradeApk } from './apk.ts'
import { ANDROID_TARGETS, APP, SAMPLE_ENROLMENT, sampleApp } from './sample-app.suite.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-apk-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(program: string, ...words: readonly string[]) {
  return spawnSync(program, words, { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
}

function saved(bytes: Uint8Array, name = 'agent.apk'): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

async function apkOf(change: Partial<PackageSpec> = {}, app = APP): Promise<Uint8Array> {
  const { spec, store } = sampleApp({}, app)
  return store.assemble(await apkWriter.write({ ...spec, ...change }, sampleNeeds(store)))
}

/** What the other builds are for is whatever the first is not. */
async function readApk(bytes: Uint8Array): Promise<ReadPackage> {
  const { stdout } = run('bsdtar', '-tf', saved(bytes))
  const names = stdout.trim().split('\n')
  const [arch = ''] = names.flatMap(
    (name) => /^assets\/manifest-(\w+)\.json$/.exec(name)?.[1] ?? [],
  )
  return { version: '', arch, files: new Map(), configFiles: [], scripts: [] }
}

describeNeeds(['bsdtar'], 'with bsdtar (needs bsdtar)', () => {
  describeAppWriter({
    writer: apkWriter,
    supported: ANDROID_TARGETS,
    archNames: { x64: 'x64', arm64: 'arm64' },
    read: readApk,
    lacks: ['modes', 'times', 'gzip-members'],
    sample: sampleApp,
  })
})

describeNeeds(
  ['apksigner', 'zipalign', 'aapt2', 'bsdtar'],
  'an apk, to the tools of Android (needs apksigner, zipalign, aapt2)',
  () => {
    it('is signed with v2, aligned, and of the version of its release', async () => {
      const path = saved(await apkOf())
      const verified = run('apksigner', 'verify', '--verbose', path)
      expect([verified.status, verified.stderr]).toEqual([0, ''])
      expect(verified.stdout).toContain('v2 scheme (APK Signature Scheme v2): true')
      expect(run('zipalign', '-c', '4', path).status).toBe(0)
      const badging = run('aapt2', 'dump', 'badging', path).stdout
      expect(badging).toContain(
        "package: name='dev.drydock.agent' versionCode='5' versionName='1.2.3.4'",
      )
      expect(badging).toContain("sdkVersion:'28'")
      expect(
        [...badging.matchAll(/^uses-permission: name='([\w.]+)'$/gm)].map(([, name]) => name),
      ).toEqual(
        [
          'INTERNET',
          'ACCESS_NETWORK_STATE',
          'RECEIVE_BOOT_COMPLETED',
          'POST_NOTIFICATIONS',
          'REQUEST_INSTALL_PACKAGES',
          'UPDATE_PACKAGES_WITHOUT_USER_ACTION',
        ].map((name) => `android.permission.${name}`),
      )
      const tree = run('aapt2', 'dump', 'xmltree', '--file', 'AndroidManifest.xml', path).stdout
      // 1 << 20 | 2 << 10 | 3
      expect(tree).toMatch(/versionCodeMajor\(0x01010576\)=1050627\b/)
    })

    it('holds the enrolment, and the manifest of each build', async () => {
      const path = saved(await apkOf())
      const content = (name: string) => run('bsdtar', '-xOf', path, name).stdout
      expect(JSON.parse(content('assets/enrolment.json'))).toEqual(SAMPLE_ENROLMENT)
      const { spec } = sampleApp()
      for (const arch of ['x64', 'arm64']) {
        expect(content(`assets/manifest-${arch}.json`)).toBe(Buffer.from(spec.manifest).toString())
      }
    })

    it('is the same but for the enrolment to whoever upgrades', async () => {
      const { spec, store } = sampleApp()
      const bytes = store.assemble(await writeUpgradeApk(spec, sampleNeeds(store)))
      const path = saved(bytes)
      expect(run('apksigner', 'verify', path).status).toBe(0)
      const names = (file: string) => run('bsdtar', '-tf', file).stdout.trim().split('\n')
      const whole = names(saved(await apkOf(), 'whole.apk'))
      expect(names(path)).toEqual(whole.filter((name) => name !== 'assets/enrolment.json'))
      expect(Buffer.from(bytes).includes(SAMPLE_ENROLMENT.token)).toBe(false)
    })

    it('is refused with a byte flipped anywhere', async () => {
      const bytes = Buffer.from(await apkOf())
      const central = bytes.readUInt32LE(bytes.length - 6)
      // Entries, their padding, the signing block, the directory, the end.
      const places = [0, 5000, central - 3500, central - 1200, central - 40, central + 12, -22, -6]
      for (const place of places) {
        const at = place < 0 ? bytes.length + place : place
        const flipped = Buffer.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ 1
        expect([at, run('apksigner', 'verify', saved(flipped, 'flipped.apk')).status]).toEqual([
          at,
          1,
        ])
      }
    })

    it('of more than one piece of a mebibyte verifies, too', async () => {
      const read = readZip(APP, { entriesMax: 100, contentBytesMax: 10_000_000 })
      if (!read.ok) throw new Error(read.refusal.why)
      const large = storedEntry('assets/large', new Uint8Array(2_500_000).fill(7))
      const bytes = await apkOf({}, Buffer.from(writeZip([...read.value, large])))
      const verified = run('apksigner', 'verify', saved(bytes, 'large.apk'))
      expect([verified.status, verified.stderr]).toEqual([0, ''])
    })
  },
)

describe('an apk', () => {
  async function flawOf(change: Partial<PackageSpec>, app: Uint8Array): Promise<string> {
    try {
      await apkOf(change, Buffer.from(app))
    } catch (error) {
      if (error instanceof Fault && error.retry === 'never') return error.message
      throw error
    }
    return 'nothing was refused'
  }
  const entries = () => {
    const read = readZip(APP, { entriesMax: 100, contentBytesMax: 10_000_000 })
    if (!read.ok) throw new Error(read.refusal.why)
    return read.value
  }
  const without = (name: string) => writeZip(entries().filter((entry) => entry.name !== name))
  const withManifest = (change: (bytes: Buffer) => void) =>
    writeZip(
      entries().map((entry) => {
        if (entry.name !== 'AndroidManifest.xml') return entry
        const bytes = Buffer.from(contentOfEntry(entry))
        change(bytes)
        return storedEntry(entry.name, bytes)
      }),
    )

  const { launcher, otherBuilds: OTHER_APP } = sampleApp().spec
  const otherLauncher = { ...launcher, digest: digestOf('another') }
  const flaws: readonly (readonly [string, RegExp, Partial<PackageSpec>, Uint8Array])[] = [
    [
      'a version beyond its number',
      /up to 2047\.1023\.1023/,
      { version: '2048.0.0.0' as AgentVersion },
      APP,
    ],
    ['an app without code', /no code/, {}, without('classes.dex')],
    ['an app without a manifest', /no AndroidManifest/, {}, without('AndroidManifest.xml')],
    [
      'an app that was signed before',
      /malformed|META-INF/,
      {},
      writeZip([...entries(), storedEntry('META-INF/A.RSA', utf8('x'))]),
    ],
    [
      'an app that is enrolled',
      /enrolment\.json already/,
      {},
      writeZip([...entries(), storedEntry('assets/enrolment.json', utf8('{}'))]),
    ],
    ['no archive', /no end/, {}, utf8('PK')],
    ['a manifest that is cut', /chunks/, {}, withManifest((bytes) => bytes.writeUInt32LE(100, 4))],
    ['a manifest that is no manifest', /chunks/, {}, withManifest((bytes) => bytes.fill(0))],
    [
      'strings in another form',
      /strings/,
      {},
      withManifest((bytes) => bytes.writeUInt32LE(0x100, 24)),
    ],
    [
      'more strings than there are',
      /strings/,
      {},
      withManifest((bytes) => bytes.writeUInt32LE(0xffff_ffff, 16)),
    ],
    [
      'builds that differ',
      /not the same app/,
      {
        otherBuilds: OTHER_APP.map((build) => ({ ...build, launcher: otherLauncher })),
      },
      APP,
    ],
  ]
  it.each(flaws)('is not made of %s', async (_, why, change, app) => {
    expect(await flawOf(change, app)).toMatch(why)
  })

  it('is ordered by Android as versions are here', () => {
    const versions = [
      '0.0.0.0',
      '0.0.0.1',
      '0.0.1.0',
      '0.1.0.0',
      '1.0.0.0',
      '1.0.0.999999999',
      '1.0.1.0',
      '8.6.0.1234',
      '8.6.0.1235',
      '8.10.0.1',
      '10.0.0.0',
      '2047.1023.1023.999999999',
    ]
    const codes = versions.map((version) => {
      const packed = manifestVersion(version as AgentVersion)
      if (packed === null) throw new Error(`${version} is beyond the number`)
      expect(packed.versionCode).toBeLessThan(2 ** 31)
      expect(packed.versionCodeMajor).toBeLessThan(2 ** 31)
      return BigInt(packed.versionCodeMajor) * 2n ** 32n + BigInt(packed.versionCode)
    })
    expect(codes).toEqual(codes.toSorted((left, right) => (left < right ? -1 : 1)))
    expect(new Set(codes).size).toBe(codes.length)
  })

  it('has a manifest that is refused or changed, whatever bytes of it are others', () => {
    const entry = entries().find(({ name }) => name === 'AndroidManifest.xml')
    if (entry === undefined) throw new Error('the app has a manifest')
    const manifest = contentOfEntry(entry)
    const version = { versionName: '10.20.30.40', versionCode: 41, versionCodeMajor: 7 }
    const change = fc.record({ at: fc.nat(manifest.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(manifest)
        for (const { at, to } of changes) bytes[at] = to
        const read = withVersion(bytes, version)
        if (read.ok)
          expect(Buffer.from(read.value).includes(Buffer.from('10.20.30.40', 'utf16le'))).toBe(true)
        else expect(read.refusal.code).toBe('malformed-manifest')
      }),
      { numRuns: 3000 },
    )
  })
})
