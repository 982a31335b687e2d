/**
 * Downloads one artifact, compressed as it is stored.
 *
 * Before: the store does not hold the file; `partial/<gzip digest>.part` holds none, some or
 * (wrongly) too many of its bytes. After: the partial file has the size that was signed. Nothing is
 * verified yet, and it does not bear a name that anything else reads. Safe to repeat because: bytes
 * are only ever appended, artifacts never change under their digest, and what a cut, a crash or a
 * liar left wrong is found by the digest in the next step and thrown away.
 */
import type { Clock } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import type { ManifestFile } from '../../contract/manifest.ts'
import type { Layout } from '../layout.ts'
import { appendTo, makeFolder, removeTree, sizeIfThere } from '../machine/files.ts'
import type { ServerLink } from '../server-link.ts'
import { partialArtifact } from './observe.ts'
import { RefusedDownload } from './refused-download.ts'

/** A piece that was long on its way was being paid for meanwhile, up to this. */
const PATIENCE_MS = 1_000

export type DownloadNeeds = {
  readonly layout: Layout
  readonly link: ServerLink
  readonly authorization: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Bytes a second, as the server says at present; null: as fast as it goes. */
  rateMax(): number | null
  onBytes(count: number): void
}

export async function downloadArtifact(needs: DownloadNeeds, file: ManifestFile): Promise<void> {
  const { layout, link, authorization } = needs
  makeFolder(layout.partial)
  const path = partialArtifact(layout, file.gzip_digest)
  const here = bytesHere(path, file.gzip_size)
  if (here === file.gzip_size) return
  const response = await link.send({
    method: 'GET',
    path: `/agent/v1/artifacts/${file.gzip_digest}`,
    headers: { authorization, ...(here > 0 ? { range: `bytes=${here}-` } : {}) },
    body: null,
    signal: needs.signal,
  })
  const start = startOf(response, here)
  if (start === null) {
    await response.body?.cancel()
    // 416: our partial file and the server do not agree on the size; begin anew.
    if (response.status === 416) removeTree(path)
    throw new RefusedDownload(`downloading ${file.path}`, response)
  }
  if (start === 0) removeTree(path)
  const length = await append(needs, response, { path, start, limit: file.gzip_size })
  if (length === file.gzip_size) return
  throw new Fault({
    code: 'download-failed',
    doing: `downloading ${file.path} (cut after ${length} bytes)`,
    retry: 'later',
  })
}

function bytesHere(path: string, size: number): number {
  const here = sizeIfThere(path) ?? 0
  if (here <= size) return here
  removeTree(path)
  return 0
}

/** Where the answer's bytes begin; null when it is no answer to what was asked. */
function startOf(response: Response, asked: number): number | null {
  if (response.status === 200) return 0
  if (response.status !== 206) return null
  // RFC 9110, 14.4: `bytes first-last/size`.
  const [, first] =
    /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? []
  return first !== undefined && Number(first) === asked ? asked : null
}

async function append(
  needs: DownloadNeeds,
  response: Response,
  to: { readonly path: string; readonly start: number; readonly limit: number },
): Promise<number> {
  const { link, signal } = needs
  const partial = appendTo(to.path)
  const pace = paceOf(needs)
  let length = to.start
  try {
    for await (const piece of link.readPieces(response, signal)) {
      if (signal.aborted)
        throw new Fault({ code: 'cancelled', doing: 'downloading', retry: 'never' })
      if (length + piece.length > to.limit) {
        removeTree(to.path)
        throw new Fault({
          code: 'download-failed',
          doing: `downloading at most ${to.limit} bytes`,
          retry: 'later',
        })
      }
      partial.write(piece)
      length += piece.length
      needs.onBytes(piece.length)
      await pace(piece.length)
    }
  } finally {
    partial.close()
  }
  return length
}

/**
 * Waits after each piece for as long as it may have taken. The rate may change at any time; of
 * what a slow line did not use, a moment at most is made up for.
 */
function paceOf({ clock, signal, rateMax }: DownloadNeeds): (bytes: number) => Promise<void> {
  let paidUntil = clock.monotonic()
  return async (bytes) => {
    const rate = rateMax()
    const now = clock.monotonic()
    if (rate === null) return
    paidUntil = Math.max(paidUntil, now - PATIENCE_MS) + (bytes / rate) * 1000
    if (paidUntil <= now || signal.aborted) return
    const sleep = clock.sleep(paidUntil - now)
    signal.addEventListener('abort', sleep.cancel)
    await sleep.done
    signal.removeEventListener('abort', sleep.cancel)
  }
}
