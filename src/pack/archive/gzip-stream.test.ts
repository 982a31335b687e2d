import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { gzipStream } from './gzip-stream.ts'

async function* given(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield utf8(part)
}

async function taken(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const copies: Uint8Array[] = []
  for await (const part of parts) copies.push(Uint8Array.from(part))
  return concatBytes(copies)
}

describe('a gzip member made as a stream', () => {
  it.each([[[]], [['']], [['one', '', 'two']], [['x'.repeat(1_000_000)]]])(
    'holds what was given (row %#)',
    async (parts) => {
      const member = await taken(gzipStream(given(...parts)))
      expect(gunzipSync(member).toString()).toBe(parts.join(''))
      expect(Buffer.from(member.subarray(0, 10)).toString('hex')).toBe('1f8b08000000000000ff')
    },
  )

  it('fails with its source', async () => {
    async function* broken() {
      yield utf8('begin')
      throw new Error('the disk is gone')
    }
    await expect(taken(gzipStream(broken()))).rejects.toThrow('the disk is gone')
  })
})
