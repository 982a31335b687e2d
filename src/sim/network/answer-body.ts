/** The body of an answer on its way: taken whole from the server, given to the agent in pieces. */
import { concatBytes, utf8 } from '../../base/bytes.ts'
import type { HttpAnswer } from '../../server/http/exchange.ts'
import type { Timeline } from '../virtual-clock.ts'

/** What comes in one piece: a check-in does, a download does not. */
const PIECE_BYTES = 4096
/** However large a body is, it comes in no more pieces than this: each is a step of the world. */
const PIECES_MAX = 8

/** A copy: what a server keeps of it is its own. */
export async function bodyBytes(body: HttpAnswer['body']): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array()
  if (typeof body === 'string') return new Uint8Array(utf8(body))
  if (body instanceof Uint8Array) return new Uint8Array(body)
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return new Uint8Array(concatBytes(pieces))
}

export function answerStream(
  body: Uint8Array<ArrayBuffer>,
  how: {
    /** Null: nowhere. */
    readonly cutAt: number | null
    readonly pauseMs: number
    readonly timeline: Timeline
  },
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  const { cutAt, pauseMs, timeline } = how
  if (cutAt === null && body.length <= PIECE_BYTES) return body
  const end = cutAt ?? body.length
  const pieceBytes = Math.max(PIECE_BYTES, Math.ceil(body.length / PIECES_MAX))
  let at = 0
  let isGivenUp = false
  return new ReadableStream({
    cancel() {
      isGivenUp = true
    },
    pull(controller) {
      const { promise, resolve } = Promise.withResolvers<void>()
      timeline.after(at === 0 ? 0 : pauseMs, () => {
        if (isGivenUp) return resolve()
        const piece = body.subarray(at, Math.min(end, at + pieceBytes))
        at += piece.length
        if (piece.length > 0) controller.enqueue(piece)
        if (at >= end && cutAt !== null) controller.error(new TypeError('terminated'))
        else if (at >= end) controller.close()
        resolve()
      })
      return promise
    },
  })
}
