/**
 * A load generator that costs little: requests are made once as bytes, connections are kept, and of
 * an answer only its length is read. Run as a process of its own: `node bench/load.ts <file with
 * options>`; it prints one JSON line.
 */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

export type LoadOptions = {
  readonly port: number
  /** One is taken after the other, round and round, by whichever connection is free. */
  readonly requests: readonly string[]
  readonly connections: number
  readonly warmUp: number
  readonly count: number
}

export type LoadResult = {
  readonly count: number
  readonly failures: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const HEADERS_END = '\r\n\r\n'

class Load {
  readonly #options: LoadOptions
  readonly #requests: readonly Buffer[]
  readonly #times: number[] = []
  #sent = 0
  #answered = 0
  #failures = 0
  #startedAt = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#requests = options.requests.map((request) => Buffer.from(request))
  }

  async run(): Promise<LoadResult> {
    const { connections, port, count } = this.#options
    await Promise.all(Array.from({ length: connections }, () => this.#connection(port)))
    const seconds = (performance.now() - this.#startedAt) / 1000
    const times = Float64Array.from(this.#times).sort()
    const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0
    return { count, failures: this.#failures, seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
  }

  async #connection(port: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.on('error', reject)
    let sentAt = 0
    let buffer = ''
    const send = () => {
      const request = this.#take()
      if (request === null) {
        socket.end()
        resolve()
        return
      }
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on('connect', send)
    socket.on('data', (chunk: Buffer) => {
      buffer += chunk.toString('latin1')
      const end = answerEnd(buffer)
      if (end === null || buffer.length < end) return
      this.#note(buffer, performance.now() - sentAt)
      buffer = buffer.slice(end)
      send()
    })
    await promise
    closeQuietly(socket)
  }

  #take(): Buffer | null {
    const { warmUp, count } = this.#options
    if (this.#sent === warmUp) this.#startedAt = performance.now()
    if (this.#sent >= warmUp + count) return null
    this.#sent += 1
    return this.#requests[this.#sent % this.#requests.length] ?? null
  }

  #note(answer: string, ms: number): void {
    this.#answered += 1
    if (!answer.startsWith('HTTP/1.1 200')) this.#failures += 1
    if (this.#answered > this.#options.warmUp) this.#times.push(ms)
  }
}

/** Where the answer at the start of the buffer ends; null while that is not known. */
function answerEnd(buffer: string): number | null {
  const headersEnd = buffer.indexOf(HEADERS_END)
  if (headersEnd < 0) return null
  const length = /\r\ncontent-length: (\d+)/i.exec(buffer.slice(0, headersEnd))?.[1]
  return length === undefined ? null : headersEnd + HEADERS_END.length + Number(length)
}

function closeQuietly(socket: Socket): void {
  socket.removeAllListeners('error')
  socket.on('error', () => {})
  socket.destroy()
}

const [file] = process.argv.slice(2)
if (file !== undefined) {
  const options = JSON.parse(readFileSync(file, 'utf8')) as LoadOptions
  process.stdout.write(`${JSON.stringify(await new Load(options).run())}\n`)
}
