/**
 * Files of one process that are read or written as streams. They are under way until they are
 * closed (what a thread unpacks on the way from one to the other is, too), except while a slow disk
 * makes them wait for time to move on.
 */
import { Readable, Writable } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import type { Quiet } from '../quiet.ts'
import type { Drive } from './drive.ts'

export class OpenStreams {
  readonly #quiet: Quiet
  readonly #clock: Clock
  readonly #drive: Drive
  readonly #open = new Set<Readable | Writable>()
  #waiting = 0
  #endUnderWay: (() => void) | null = null

  constructor(quiet: Quiet, clock: Clock, drive: Drive) {
    this.#quiet = quiet
    this.#clock = clock
    this.#drive = drive
  }

  reader(read: () => Uint8Array): Readable {
    const stream = new Readable({
      construct: (done) => void this.#wait().then(() => done()),
      read() {
        try {
          this.push(read().slice())
          this.push(null)
        } catch (error) {
          this.destroy(error instanceof Error ? error : new Error(String(error)))
        }
      },
    })
    return this.#opened(stream)
  }

  /** `open` makes the file and gives back how to write to it. */
  writer(open: () => (bytes: Uint8Array) => void): Writable {
    let write: (bytes: Uint8Array) => void = () => {}
    const stream = new Writable({
      construct(done) {
        done(failureOf(() => (write = open())))
      },
      write(bytes: Uint8Array, _encoding, done) {
        done(failureOf(() => write(bytes)))
      },
    })
    return this.#opened(stream)
  }

  /** The process is gone. */
  end(): void {
    for (const stream of this.#open) stream.destroy()
    this.#open.clear()
    this.#note()
  }

  #opened<Stream extends Readable | Writable>(stream: Stream): Stream {
    this.#open.add(stream)
    stream.once('close', () => {
      this.#open.delete(stream)
      this.#note()
    })
    this.#note()
    return stream
  }

  async #wait(): Promise<void> {
    if (this.#drive.readDelayMs === 0) return
    this.#waiting += 1
    this.#note()
    await this.#clock.sleep(this.#drive.readDelayMs).done
    this.#waiting -= 1
    this.#note()
  }

  #note(): void {
    const isUnderWay = this.#open.size > 0 && this.#waiting === 0
    if (isUnderWay && this.#endUnderWay === null) this.#endUnderWay = this.#quiet.begin()
    if (isUnderWay || this.#endUnderWay === null) return
    this.#endUnderWay()
    this.#endUnderWay = null
  }
}

function failureOf(act: () => unknown): Error | null {
  try {
    act()
    return null
  } catch (error) {
    // Best effort: a stream is told of its failure, and tells whoever reads or writes it.
    return error instanceof Error ? error : new Error(String(error))
  }
}
