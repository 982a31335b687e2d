/**
 * The control line between launcher and agent, one way of it: what a real pipe does, in memory.
 * What its reader throws ends that process and nobody else.
 */
import { Readable, Writable } from 'node:stream'

export class Pipe {
  readonly input: Readable
  readonly output: Writable
  readonly #onCrash: (error: unknown) => void
  #written: (string | null)[] = []
  #isCut = false
  #hasEnded = false

  constructor(onCrash: (error: unknown) => void) {
    this.#onCrash = onCrash
    this.input = new Readable({ read() {} })
    // Only what is pushed while it flows is handed on within `#deliver`, where a crash is seen.
    this.input.on('resume', () => this.#deliver())
    this.output = new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        this.#send(text)
        done()
      },
    })
    // Best effort: what is written to a process that has ended goes nowhere.
    this.output.on('error', () => {})
  }

  /** The writer has ended: its reader is told. */
  end(): void {
    this.#send(null)
  }

  /** The reader is gone. */
  cut(): void {
    this.#isCut = true
  }

  /** What a process still says that was killed is heard by nobody. */
  #send(text: string | null): void {
    if (this.#hasEnded) return
    this.#hasEnded = text === null
    this.#written.push(text)
    if (this.#written.length === 1) process.nextTick(() => this.#deliver())
  }

  #deliver(): void {
    if (this.#isCut || !this.input.readableFlowing) return
    const written = this.#written
    this.#written = []
    try {
      for (const text of written) if (!this.#isCut) this.input.push(text)
    } catch (error) {
      // Best effort: told to whom it concerns, as a process that crashed.
      this.#onCrash(error)
    }
  }
}
