/**
 * The bytes of a package, from any offset, over as many connections as it takes. A cut connection
 * goes on where it stopped (Range, with If-Range so that other bytes under the same address are
 * noticed); it gives up when several tries in a row have brought nothing.
 *
 * The address carries its own signature: no key is sent, whoever serves it.
 */
import { Fault } from '../base/fault.ts'
import { ApiError } from './api-error.ts'
import {
  apiError,
  pauseBefore,
  serverSilent,
  serverUnreachable,
  startTimeLimit,
  type TransportNeeds,
} from './transport.ts'

export type DownloadOrder = {
  readonly url: string
  /** Of the whole; anything else that comes is a fault. */
  readonly size: number
  /** How many of the first bytes are there already. */
  readonly offset: number
}

type DownloadNeeds = Pick<TransportNeeds, 'fetch' | 'timeoutMs' | 'clock' | 'random'>
type Progress = { at: number; etag: string | null }

const FRUITLESS_ATTEMPTS_MAX = 5

export async function* download(
  needs: DownloadNeeds,
  order: DownloadOrder,
): AsyncGenerator<Uint8Array, void, undefined> {
  const progress: Progress = { at: order.offset, etag: null }
  let fruitless = 0
  while (progress.at < order.size) {
    const before = progress.at
    try {
      yield* oneConnection(needs, order, progress)
      if (progress.at < order.size) throw serverUnreachable(order.url, cutAt(progress.at))
    } catch (error) {
      fruitless = progress.at > before ? 0 : fruitless + 1
      if (!isPassing(error) || fruitless === FRUITLESS_ATTEMPTS_MAX) throw error
      await needs.clock.sleep(pauseBefore(fruitless + 1, needs.random)).done
    }
  }
}

function cutAt(bytes: number): Error {
  return new Error(`the connection was closed after ${bytes} bytes`)
}

function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return [429, 500, 502, 503, 504].includes(error.status)
  return error instanceof Fault && error.retry === 'later'
}

async function* oneConnection(
  needs: DownloadNeeds,
  order: DownloadOrder,
  progress: Progress,
): AsyncGenerator<Uint8Array, void, undefined> {
  using limit = startTimeLimit(needs.clock, needs.timeoutMs)
  try {
    const response = await needs.fetch(order.url, {
      headers: rangeHeaders(progress),
      signal: limit.signal,
    })
    if (!response.ok) throw apiError(response, await response.text())
    checkAnswer(response, order, progress)
    for await (const chunk of response.body ?? []) {
      limit.restart()
      if (chunk.length > order.size - progress.at) throw otherBytes(order, 'more bytes than it has')
      progress.at += chunk.length
      yield chunk
      // Whoever writes the bytes away may take its time.
      limit.restart()
    }
  } catch (cause) {
    if (cause instanceof ApiError || cause instanceof Fault) throw cause
    throw limit.signal.aborted
      ? serverSilent(order.url, needs.timeoutMs)
      : serverUnreachable(order.url, cause)
  }
}

function rangeHeaders(progress: Progress): Record<string, string> {
  // Compressed on the way, the ranges would count other bytes.
  const identity = { 'accept-encoding': 'identity' }
  if (progress.at === 0) return identity
  const range = { ...identity, range: `bytes=${progress.at}-` }
  return progress.etag === null ? range : { ...range, 'if-range': progress.etag }
}

function checkAnswer(response: Response, order: DownloadOrder, progress: Progress): void {
  const etag = response.headers.get('etag')
  progress.etag = etag?.startsWith('W/') === true ? null : etag
  if (progress.at === 0) return
  const range = response.headers.get('content-range')
  if (response.status !== 206 || range !== `bytes ${progress.at}-${order.size - 1}/${order.size}`) {
    throw otherBytes(order, `no range from byte ${progress.at} on`)
  }
}

function otherBytes(order: DownloadOrder, what: string): Fault {
  const doing = `downloading ${new URL(order.url).pathname}: the server gives ${what}`
  return new Fault({ code: 'download-changed', doing, retry: 'never' })
}
