/**
 * A stream to a client, part by part: the next one is asked for when the one before has left for
 * the kernel. That is all the backpressure there is, no byte is held twice, and the source may use
 * one buffer for all its parts. A client that goes away closes the source, also while a part is
 * waited for.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** Takes the reply out of the framework's hands; its headers are those set so far. */
export function sendStream(
  reply: FastifyReply,
  status: number,
  parts: AsyncIterable<Uint8Array>,
): void {
  reply.hijack()
  const response = reply.raw
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value)
  }
  response.statusCode = status
  void pump(parts, response)
}

async function pump(parts: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  const gone = new Promise<'gone'>((resolve) => response.once('close', () => resolve('gone')))
  try {
    const source = parts[Symbol.asyncIterator]()
    for (;;) {
      const next = await Promise.race([source.next(), gone])
      if (next !== 'gone' && next.done === true) break
      const isGone =
        next === 'gone' ||
        (next.value.length > 0 &&
          (await Promise.race([written(response, next.value), gone])) === 'gone')
      if (!isGone) continue
      await source.return?.()
      return
    }
    response.end()
  } catch {
    // Best effort: who reads the source has logged why; the client sees that the answer was cut.
    response.destroy()
  }
}

/**
 * A failed write means that the client is gone, also when it went before the first part: nobody
 * would hear of its going then, and a source that is waited for in vain keeps its file open.
 */
function written(response: ServerResponse, part: Uint8Array): Promise<'written' | 'gone'> {
  return new Promise((resolve) => {
    response.write(part, (error) => resolve(error == null ? 'written' : 'gone'))
  })
}
