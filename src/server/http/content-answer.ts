/**
 * Immutable bytes, answered as RFC 9110 has it: the whole or one range, conditions on their name,
 * GET, HEAD and (because installers in the field use it) POST. Always as they are: what is sent was
 * compressed once, when it was published, and ranges count in those bytes.
 */

import { sliceSegments } from '../../pack/slice-segments.ts'
import { lengthOf, type Segment } from '../../pack/writer.ts'
import { parseRange } from './content-range.ts'
import { type Headers, type HttpAnswer, headerOf, type Method } from './exchange.ts'
import { type ArtifactBytes, streamSegments } from './segment-stream.ts'

export type Content = {
  readonly segments: readonly Segment[]
  /** Names the bytes, without quotes. */
  readonly etag: string
  readonly contentType: string
  /** For who saves it; null: it is no file. */
  readonly fileName: string | null
}

export function contentAnswer(
  content: Content,
  request: { readonly method: Method; readonly headers: Headers },
  artifacts: ArtifactBytes,
): HttpAnswer {
  const size = lengthOf(content.segments)
  const etag = `"${content.etag}"`
  const shared = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-transform',
    'x-content-type-options': 'nosniff',
  }
  if (names(headerOf(request.headers, 'if-none-match'), etag)) {
    return { status: 304, headers: shared, body: null }
  }
  const range = isRangeWanted(request, etag)
    ? parseRange(headerOf(request.headers, 'range'), size)
    : ({ kind: 'whole' } as const)
  if (range.kind === 'unsatisfiable') {
    return { status: 416, headers: { ...shared, 'content-range': `bytes */${size}` }, body: null }
  }
  const { offset, length } = range.kind === 'part' ? range : { offset: 0, length: size }
  const headers = {
    ...shared,
    'content-type': content.contentType,
    'content-length': String(length),
    ...(content.fileName === null ? {} : { 'content-disposition': attachment(content.fileName) }),
  }
  const segments = sliceSegments(content.segments, { offset, length })
  const body = request.method === 'HEAD' ? null : streamSegments(segments, artifacts)
  if (range.kind === 'whole') return { status: 200, headers, body }
  const contentRange = `bytes ${offset}-${offset + length - 1}/${size}`
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body }
}

/**
 * `If-Range` asks for the part only of these very bytes, which a weak name does not promise (RFC
 * 9110, 13.1.5).
 */
function isRangeWanted(
  request: { readonly method: Method; readonly headers: Headers },
  etag: string,
): boolean {
  const condition = headerOf(request.headers, 'if-range')
  return condition === undefined || condition.trim() === etag
}

function names(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}

/** File names of ours are ASCII without quotes; anything else becomes a hyphen. */
function attachment(fileName: string): string {
  return `attachment; filename="${fileName.replace(/[^\w.+~-]/g, '-')}"`
}
