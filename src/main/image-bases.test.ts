import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../base/digest.ts'
import { ARCHES, type Arch } from '../base/platform.ts'
import { readTarGz } from '../pack/archive/read-tar.suite.ts'
import { readImageBases } from './image-bases.ts'

/** What every program of the processor names (psABI), and the machine in its ELF header. */
const LOADERS: Readonly<Record<Arch, { readonly path: string; readonly machine: number }>> = {
  x64: { path: 'lib64/ld-linux-x86-64.so.2', machine: 62 },
  arm64: { path: 'lib/ld-linux-aarch64.so.1', machine: 183 },
}

describe.each(ARCHES)('the base layer for %s', (arch) => {
  it('is what its names say', async () => {
    const { digest, diffId, read } = (await readImageBases())[arch]
    const bytes = await read()
    expect(digestOf(bytes)).toBe(digest)
    expect(digestOf(gunzipSync(bytes))).toBe(diffId)
  })

  it('has a loader where programs look, certificates, and no program or shell', async () => {
    const entries = await readTarGz(await (await readImageBases())[arch].read())
    const files = new Map(entries.map((entry) => [entry.path, entry]))
    const { path, machine } = LOADERS[arch]
    const loader = files.get(files.get(path)?.linkTarget.slice(1) ?? '')
    expect(Buffer.from(loader?.bytes ?? []).readUInt16LE(18)).toBe(machine)
    const bundle = Buffer.from(
      files.get('etc/ssl/certs/ca-certificates.crt')?.bytes ?? [],
    ).toString()
    expect(bundle.match(/-----BEGIN CERTIFICATE-----/g)?.length).toBeGreaterThan(100)
    expect(Buffer.from(files.get('etc/passwd')?.bytes ?? []).toString()).toMatch(/:10001:10001:/)
    expect([...files.keys()].filter((name) => /(^|\/)s?bin\//.test(name))).toEqual([])
    const writable = entries.filter(({ type, mode }) => type !== 'symlink' && (mode & 0o022) !== 0)
    expect(writable.map((entry) => [entry.path, entry.mode.toString(8)])).toEqual([['tmp', '1777']])
  })

  it('brings the licence of everything in it', async () => {
    const entries = await readTarGz(await (await readImageBases())[arch].read())
    const paths = entries.map((entry) => entry.path)
    for (const name of ['base-files', 'ca-certificates', 'libc6']) {
      expect(paths).toContain(`usr/share/doc/${name}/copyright`)
      expect(paths).toContain(`var/lib/dpkg/status.d/${name}`)
    }
  })
})
