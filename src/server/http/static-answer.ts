/** Bytes that never change while the server runs: from memory, named by their digest. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { type HttpAnswer, type HttpRequest, headerOf } from './exchange.ts'

export type StaticContent = {
  readonly bytes: Uint8Array
  readonly contentType: string
  /** Beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>
}

export type StaticAnswer = (request: Pick<HttpRequest, 'method' | 'headers'>) => Promise<HttpAnswer>

/** `make` is called at the first request, and its bytes are packed at the first that wants it. */
export function staticAnswer(make: () => StaticContent): StaticAnswer {
  let made: { readonly content: StaticContent; readonly etag: string } | null = null
  let packed: Promise<Uint8Array> | null = null
  return async ({ method, headers }) => {
    made ??= prepared(make())
    const { content, etag } = made
    const shared = {
      etag,
      vary: 'accept-encoding',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      ...content.headers,
    }
    if (namesIt(headerOf(headers, 'if-none-match'), etag)) {
      return { status: 304, headers: shared, body: null }
    }
    const isPacked = wantsGzip(headerOf(headers, 'accept-encoding'))
    if (isPacked) packed ??= packing(content.bytes)
    const bytes = isPacked && packed !== null ? await packed : content.bytes
    const told = {
      ...shared,
      'content-type': content.contentType,
      'content-length': String(bytes.length),
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
    }
    return { status: 200, headers: told, body: method === 'HEAD' ? null : bytes }
  }
}

function prepared(content: StaticContent) {
  return { content, etag: `W/"${digestOf(content.bytes).slice(0, 32)}"` }
}

const pack = promisify(gzip)

async function packing(bytes: Uint8Array): Promise<Uint8Array> {
  return await pack(bytes, { level: 9 })
}

/** Weak: packed and unpacked are the same to whoever reads them. */
function namesIt(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim())
  return tags.includes('*') || tags.includes(etag) || tags.includes(etag.slice('W/'.length))
}

function wantsGzip(header: string | undefined): boolean {
  const named = header?.split(',').map((coding) => coding.trim().toLowerCase()) ?? []
  return named.some((coding) => /^gzip(?:;\s*q=(?:1|0?\.\d*[1-9]\d*|1\.0*))?$/.test(coding))
}

export function textContent(text: string, contentType: string): StaticContent {
  return { bytes: utf8(text), contentType }
}
