/** Verifies an ad-hoc signature as the kernel does, page by page, and not by the writer's code. */
import { createHash } from 'node:crypto'

export type ReadSignature = {
  readonly identifier: string
  readonly flags: number
  readonly pages: number
  /** Those whose bytes are not what was signed. */
  readonly wrong: readonly number[]
}

export function readSignature(file: Uint8Array): ReadSignature {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const { offset, size } = findSignature(bytes)
  const blob = bytes.subarray(offset, offset + size)
  must(offset + size === bytes.length && blob.readUInt32BE(0) === 0xfade0cc0, 'a signature')
  must(blob.readUInt32BE(8) === 1 && blob.readUInt32BE(12) === 0, 'one code directory')
  const directory = blob.subarray(blob.readUInt32BE(16), blob.readUInt32BE(4))
  must(directory.readUInt32BE(0) === 0xfade0c02, 'a code directory')
  must(directory.readUInt32BE(4) === directory.length, 'a directory as long as it says')
  must(directory.readUInt32BE(32) === offset, 'all code is covered')
  must(directory[36] === 32 && directory[37] === 2 && directory[39] === 12, 'SHA-256 of 4 KiB')
  const [hashesAt, pages] = [directory.readUInt32BE(16), directory.readUInt32BE(28)]
  must(pages === Math.ceil(offset / 4096), 'a hash for each page')
  must(hashesAt + pages * 32 === directory.length, 'hashes at the end')
  const name = directory.subarray(directory.readUInt32BE(20), hashesAt)
  const wrong = Array.from({ length: pages }, (_, page) => page).filter((page) => {
    const code = bytes.subarray(page * 4096, Math.min((page + 1) * 4096, offset))
    const expected = directory.subarray(hashesAt + page * 32, hashesAt + (page + 1) * 32)
    return !createHash('sha256').update(code).digest().equals(expected)
  })
  const identifier = name.toString('latin1', 0, name.indexOf(0))
  return { identifier, flags: directory.readUInt32BE(12), pages, wrong }
}

function findSignature(bytes: Buffer): { readonly offset: number; readonly size: number } {
  let at = 32
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    if (bytes.readUInt32LE(at) === 0x1d) {
      return { offset: bytes.readUInt32LE(at + 8), size: bytes.readUInt32LE(at + 12) }
    }
    at += bytes.readUInt32LE(at + 4)
  }
  throw new Error('there is no signature')
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`no signature of an executable: ${what}`)
}
