import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { fromUtf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { readTarGz } from '../archive/read-tar.suite.ts'
import { expectGolden } from '../golden.suite.ts'
import { sampleRelease } from '../sample.suite.ts'
import { describeWriter, type ReadPackage } from '../writer.suite.ts'
import { shWriter, writeSh } from './sh.ts'

describeWriter({
  writer: shWriter,
  supported: [
    { platform: 'linux', arch: 'x64', libc: 'glibc' },
    { platform: 'linux', arch: 'x64', libc: 'musl' },
    { platform: 'linux', arch: 'arm64', libc: 'glibc' },
    { platform: 'linux', arch: 'arm64', libc: 'musl' },
  ],
  archNames: { x64: 'x86_64 amd64', arm64: 'aarch64 arm64' },
  scripts: ['service/init', 'service/uninstall.sh', 'service/unit'],
  read: readSh,
})

type SplitSh = { readonly script: string; readonly archive: Uint8Array }

/** The archive begins after the script's last line, and nowhere else. */
function splitSh(bytes: Uint8Array): SplitSh {
  const end = Buffer.from(bytes).indexOf('\nmain "$@"; exit $?\n') + '\nmain "$@"; exit $?\n'.length
  return { script: fromUtf8(bytes.subarray(0, end)), archive: bytes.subarray(end) }
}

function constant(script: string, name: string): string {
  return new RegExp(`^${name}='?(.*?)'? *$`, 'm').exec(script)?.[1] ?? 'missing'
}

async function readSh(bytes: Uint8Array): Promise<ReadPackage> {
  const { script, archive } = splitSh(bytes)
  const files = (await readTarGz(archive)).filter((entry) => entry.type === 'file')
  return {
    version: constant(script, 'version'),
    arch: constant(script, 'machines'),
    files: new Map(files.map((one) => [one.path.replace(/^program\//, 'opt/drydock-agent/'), one])),
    // What the script itself makes and keeps: the tests of an installation show that it does.
    configFiles: [/^ {2}config=\$root\/(.*)$/m.exec(script)?.[1] ?? 'missing'],
    scripts: files
      .map((one) => one.path)
      .filter((path) => path.startsWith('service/'))
      .sort(),
  }
}

describe('the sh writer', () => {
  const { spec, store } = sampleRelease()
  const bytes = store.assemble(writeSh(spec))
  const { script, archive } = splitSh(bytes)

  it('writes the script as it was reviewed', () => {
    expectGolden(join(import.meta.dirname, '_golden', 'installer'), script)
  })

  it.each(['service/init', 'service/uninstall.sh', 'service/unit', 'SHA256SUMS'])(
    'writes %s as it was reviewed',
    async (path) => {
      const entry = (await readTarGz(archive)).find((one) => one.path === path)
      const golden = join(import.meta.dirname, '_golden', path.replace('service/', ''))
      expectGolden(golden, fromUtf8(entry?.bytes ?? new Uint8Array()))
    },
  )

  it('says its own length and where its archive begins', () => {
    expect(Number(constant(script, 'script_size'))).toBe(bytes.length)
    expect(Number(constant(script, 'archive_at'))).toBe(script.length + 1)
  })

  it('lists the digest of every file, and says the digest of the list', async () => {
    const [first, ...files] = (await readTarGz(archive)).filter((entry) => entry.type === 'file')
    expect(first?.path).toBe('SHA256SUMS')
    const lines = files.map((entry) => `${digestOf(entry.bytes)}  ${entry.path}\n`)
    expect(fromUtf8(first?.bytes ?? new Uint8Array())).toBe(lines.join(''))
    expect(constant(script, 'sums_digest')).toBe(digestOf(lines.join('')))
  })

  const shells = [
    ['dash', ['-n']],
    ['bash', ['--posix', '-n']],
    ['busybox', ['sh', '-n']],
  ] as const
  describe.each(shells)('in %s', (shell, words) => {
    it.skipIf(!needs(shell))(`is read without a complaint (needs ${shell})`, async () => {
      const scripts = (await readTarGz(archive)).filter((one) => /init|uninstall/.test(one.path))
      for (const text of [script, ...scripts.map((one) => fromUtf8(one.bytes))]) {
        const done = spawnSync(shell, words, { input: text, encoding: 'utf8' })
        expect(done.stderr).toBe('')
        expect(done.status).toBe(0)
      }
    })
  })

  it('has no line that a shell could read beyond the end of the script', () => {
    expect(script.endsWith('\nmain "$@"; exit $?\n')).toBe(true)
    expect(script).not.toMatch(/@[A-Z]/)
  })
})
