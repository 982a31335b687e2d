import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { concatBytes, fromUtf8, utf8 } from '../../base/bytes.ts'
import type { InstallerSigner } from '../writer.ts'
import { ownXarFile, xarSegments } from './xar.ts'

const MEMBERS = [
  ownXarFile('Distribution', utf8('<x/>')),
  { name: 'a.pkg', files: [ownXarFile('Bom', utf8('a bill')), ownXarFile('Payload', utf8(''))] },
]

async function xarOf(signer: InstallerSigner | null = null): Promise<Uint8Array> {
  const segments = await xarSegments(MEMBERS, { timestamp: 1_760_000_000, signer })
  return concatBytes(segments.map((one) => (one.kind === 'bytes' ? one.bytes : utf8('never'))))
}

/** Header, compressed table and heap. */
function partsOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const length = Number(view.getBigUint64(8))
  const table = bytes.subarray(28, 28 + length)
  const text = inflateSync(table)
  expect(text.length).toBe(Number(view.getBigUint64(16)))
  return { table, text: fromUtf8(text), heap: bytes.subarray(28 + length) }
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signer: InstallerSigner = {
  certificates: [utf8('first'), utf8('second')],
  signatureSize: 256,
  sign: async (bytes, digest) => sign(digest, bytes, privateKey),
}

describe('a xar archive', () => {
  it('begins its heap with the digest of its table', async () => {
    const { table, heap } = partsOf(await xarOf())
    const digest = createHash('sha1').update(table).digest()
    expect(digest.equals(heap.subarray(0, 20))).toBe(true)
    expect(fromUtf8(heap.subarray(20))).toBe('<x/>a bill')
  })

  it('has a signature over its table behind the digest, and the certificates in it', async () => {
    const { table, text, heap } = partsOf(await xarOf(signer))
    expect(verify('sha1', table, publicKey, heap.subarray(20, 276))).toBe(true)
    expect(fromUtf8(heap.subarray(276))).toBe('<x/>a bill')
    expect(text).toMatch(/<signature style="RSA"><offset>20<\/offset><size>256<\/size>/)
    const certificates = [...text.matchAll(/<X509Certificate>([^<]*)</g)].map(([, one]) => one)
    expect(certificates).toEqual(['Zmlyc3Q=', 'c2Vjb25k'])
  })

  it('is not written with a signature of another size than was said', async () => {
    const long = { ...signer, signatureSize: 255 }
    await expect(xarOf(long)).rejects.toThrow(/the size that was said/)
  })

  it('refuses a name that XML would read as something else', async () => {
    const members = [ownXarFile('a<b', utf8(''))]
    const written = xarSegments(members, { timestamp: 0, signer: null })
    await expect(written).rejects.toThrow(/stands in XML as it is/)
  })

  describe.each([
    ['bsdtar', (file: string) => ['-xOf', file], true],
    ['7z', (file: string) => ['t', file], false],
  ] as const)('in %s', (program, words, readsDigest) => {
    const judge = (bytes: Uint8Array) => {
      const folder = mkdtempSync(join(tmpdir(), 'drydock-xar-'))
      try {
        writeFileSync(join(folder, 'it.xar'), bytes)
        return spawnSync(program, words(join(folder, 'it.xar')), { encoding: 'utf8' })
      } finally {
        rmSync(folder, { recursive: true })
      }
    }

    it.skipIf(!needs(program)).each([[null], [signer]])(
      `is whole (needs ${program})`,
      async (by) => {
        const done = judge(await xarOf(by))
        expect([done.status, done.stderr]).toEqual([0, ''])
      },
    )

    it.skipIf(!needs(program))(`is refused with a byte flipped (needs ${program})`, async () => {
      const bytes = await xarOf()
      const { table } = partsOf(bytes)
      const digestAt = 28 + table.length
      const places = [28 + Math.floor(table.length / 2), bytes.length - 3]
      for (const at of readsDigest ? [...places, digestAt] : places) {
        const flipped = Uint8Array.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ 1
        expect([at, judge(flipped).status === 0]).toEqual([at, false])
      }
    })
  })
})
