import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromUtf8 } from '../../base/bytes.ts'
import { type ReadEntry, readTarGz } from '../archive/read-tar.suite.ts'
import { expectGolden } from '../golden.suite.ts'
import { sampleRelease } from '../sample.suite.ts'
import { describeWriter, type ReadPackage } from '../writer.suite.ts'
import { debWriter, writeDeb } from './deb.ts'

describeWriter({
  writer: debWriter,
  supported: [
    { platform: 'linux', arch: 'x64', libc: 'glibc' },
    { platform: 'linux', arch: 'arm64', libc: 'glibc' },
  ],
  archNames: { x64: 'amd64', arm64: 'arm64' },
  scripts: ['postinst', 'postrm', 'prerm'],
  read: readDeb,
})

type Deb = { readonly members: ReadonlyMap<string, Uint8Array> }

/** By deb(5), independently of the writer. */
function openDeb(bytes: Uint8Array): Deb {
  const text = (from: number, to: number) =>
    Buffer.from(bytes.subarray(from, to)).toString('latin1')
  expect(text(0, 8)).toBe('!<arch>\n')
  const members = new Map<string, Uint8Array>()
  let at = 8
  while (at < bytes.length) {
    expect(text(at + 58, at + 60)).toBe('`\n')
    const size = Number(text(at + 48, at + 58))
    members.set(text(at, at + 16).trim(), bytes.subarray(at + 60, at + 60 + size))
    at += 60 + size + (size % 2)
  }
  expect(at).toBe(bytes.length)
  expect([...members.keys()]).toEqual(['debian-binary', 'control.tar.gz', 'data.tar.gz'])
  return { members }
}

async function entriesOf(bytes: Uint8Array, member: string): Promise<readonly ReadEntry[]> {
  return readTarGz(openDeb(bytes).members.get(member) ?? new Uint8Array())
}

async function readDeb(bytes: Uint8Array): Promise<ReadPackage> {
  const control = new Map(
    (await entriesOf(bytes, 'control.tar.gz')).map((entry) => [entry.path, entry]),
  )
  const text = (name: string) => fromUtf8(control.get(name)?.bytes ?? new Uint8Array())
  const field = (name: string) =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(text('control'))?.[1] ?? 'missing'
  const data = await entriesOf(bytes, 'data.tar.gz')
  return {
    version: field('Version'),
    arch: field('Architecture'),
    files: new Map(data.filter((one) => one.type === 'file').map((one) => [one.path, one])),
    configFiles: text('conffiles')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(1)),
    scripts: [...control.keys()].filter((name) => /^(pre|post)(inst|rm)$/.test(name)).sort(),
  }
}

describe('the deb writer', () => {
  const { spec, store } = sampleRelease()
  const bytes = store.assemble(writeDeb(spec))

  it.each(['control', 'conffiles', 'md5sums', 'postinst', 'prerm', 'postrm'])(
    'writes %s as it was reviewed',
    async (name) => {
      const entry = (await entriesOf(bytes, 'control.tar.gz')).find((one) => one.path === name)
      const text = fromUtf8(entry?.bytes ?? new Uint8Array())
      expectGolden(join(import.meta.dirname, '_golden', name), text)
    },
  )

  it('lists what it installs as it was reviewed', async () => {
    const lines = (await entriesOf(bytes, 'data.tar.gz')).map((entry) => {
      const mode = entry.mode.toString(8).padStart(4, '0')
      const link = entry.linkTarget === '' ? '' : ` -> ${entry.linkTarget}`
      return `${mode} ${entry.type} ${entry.path}${link}\n`
    })
    expectGolden(join(import.meta.dirname, '_golden', 'contents'), lines.join(''))
  })

  it('lists the MD5 of every file but the configuration', async () => {
    const data = (await entriesOf(bytes, 'data.tar.gz')).filter((entry) => entry.type === 'file')
    const control = await entriesOf(bytes, 'control.tar.gz')
    const expected = data
      .filter((entry) => entry.path !== 'etc/drydock-agent/agent.json')
      .map((entry) => `${createHash('md5').update(entry.bytes).digest('hex')}  ${entry.path}\n`)
    const listed = fromUtf8(
      control.find((one) => one.path === 'md5sums')?.bytes ?? new Uint8Array(),
    )
    expect(listed).toBe(expected.join(''))
  })

  it('keeps a hostile description inside its field', async () => {
    const description = 'one\rDepends: evil\n\nPackage: evil\u0000\u0085\n \t\nVersion: 9'
    const hostile = sampleRelease({ spec: { description } })
    const read = await entriesOf(hostile.store.assemble(writeDeb(hostile.spec)), 'control.tar.gz')
    const control = fromUtf8(read.find((one) => one.path === 'control')?.bytes ?? new Uint8Array())
    const fields = control.split('\n').filter((line) => /^\S/.test(line))
    expect(fields.map((line) => line.split(':')[0])).toEqual([
      'Package',
      'Version',
      'Architecture',
      'Maintainer',
      'Installed-Size',
      'Depends',
      'Section',
      'Priority',
      'Description',
    ])
    expect(
      control.endsWith('Description: one\n Depends: evil\n .\n Package: evil\n .\n Version: 9\n'),
    ).toBe(true)
  })

  it('refuses more data than an ar archive can hold', () => {
    const { files } = spec
    const [first] = files
    if (first === undefined) throw new Error('the sample has files')
    const artifact = { ...first.artifact, size: 2 * 1024 ** 3, gzipSize: 2 * 1024 ** 3 }
    const large = [...Array(5).keys()].map((n) => ({
      path: `payload/${n}`,
      executable: false,
      artifact,
    }))
    expect(() => writeDeb({ ...spec, files: large })).toThrow(/its data is \d+ bytes long/)
  })

  it('begins its data with a gzip header that says nothing of day or machine', () => {
    const data = openDeb(bytes).members.get('data.tar.gz') ?? new Uint8Array()
    expect([...data.subarray(4, 8), data[9]]).toEqual([0, 0, 0, 0, 255])
  })
})
