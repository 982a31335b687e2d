/**
 * Some hundred kept connections that a crowd of agents shares: as many as agents no address has
 * ports for. What is sent is bytes; of an answer the status, the length and Retry-After are read.
 */
import { connect, type Socket } from 'node:net'

export type FleetAnswer = {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: string
}

type Waiting = {
  readonly bytes: string
  resolve(answer: FleetAnswer): void
  reject(error: Error): void
}

const HEADERS_END = '\r\n\r\n'

export class FleetSockets {
  readonly #port: number
  readonly #max: number
  readonly #free: Line[] = []
  #open = 0
  /** First in, first out; emptied from the front in one go now and then. */
  #queue: Waiting[] = []
  #next = 0

  constructor(options: { readonly port: number; readonly connections: number }) {
    this.#port = options.port
    this.#max = options.connections
  }

  /** Rejects when the server cannot be reached, or goes away before it has answered. */
  send(bytes: string): Promise<FleetAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<FleetAnswer>()
    this.#queue.push({ bytes, resolve, reject })
    this.#serve()
    return promise
  }

  close(): void {
    for (const line of this.#free) line.socket.destroy()
  }

  #serve(): void {
    while (this.#next < this.#queue.length) {
      const line = this.#free.pop() ?? this.#openLine()
      if (line === null) return
      const waiting = this.#queue[this.#next]
      this.#next += 1
      if (waiting !== undefined) line.ask(waiting)
    }
    this.#queue = []
    this.#next = 0
  }

  #openLine(): Line | null {
    if (this.#open >= this.#max) return null
    this.#open += 1
    return new Line(this.#port, {
      isFree: (line) => {
        this.#free.push(line)
        this.#serve()
      },
      hasEnded: (line) => {
        this.#open -= 1
        const place = this.#free.indexOf(line)
        if (place >= 0) this.#free.splice(place, 1)
        this.#serve()
      },
    })
  }
}

/** One connection, with one request at a time. */
class Line {
  readonly socket: Socket
  readonly #isFree: (line: Line) => void
  #asking: Waiting | null = null
  #heard = ''

  constructor(port: number, on: { isFree(line: Line): void; hasEnded(line: Line): void }) {
    this.#isFree = on.isFree
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => this.#hear(text))
    let why = new Error('the server closed the connection')
    this.socket.on('error', (error) => {
      why = error
    })
    this.socket.on('close', () => {
      const asking = this.#asking
      this.#asking = null
      on.hasEnded(this)
      asking?.reject(why)
    })
  }

  ask(waiting: Waiting): void {
    this.#asking = waiting
    this.socket.write(waiting.bytes)
  }

  #hear(text: string): void {
    this.#heard += text
    const headersEnd = this.#heard.indexOf(HEADERS_END)
    if (headersEnd < 0) return
    const headers = this.#heard.slice(0, headersEnd)
    const length = headerOf(headers, 'content-length')
    const end = headersEnd + HEADERS_END.length + Number(length)
    if (length === null) this.socket.destroy(new Error(`an answer without a length: ${headers}`))
    if (length === null || this.#heard.length < end) return
    const body = this.#heard.slice(headersEnd + HEADERS_END.length, end)
    this.#heard = this.#heard.slice(end)
    const asking = this.#asking
    this.#asking = null
    const status = Number(headers.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length))
    if (headerOf(headers, 'connection') === 'close') this.socket.destroy()
    else this.#isFree(this)
    asking?.resolve({ status, retryAfter: headerOf(headers, 'retry-after'), body })
  }
}

function headerOf(headers: string, name: string): string | null {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(headers)?.[1] ?? null
}
