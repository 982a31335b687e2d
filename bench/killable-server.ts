/** A server that a bench kills, and starts again where it was. */
import { systemClock } from '../src/base/clock.ts'
import { dataFolder } from '../src/store/data-folder.ts'
import { connectionToRunning } from '../src/store/embedded/embedded.ts'
import { type ServerProcess, startServerProcess } from '../test/acceptance/server-process.ts'
import { killTree } from './machine.ts'

/** One server after another in one data folder. */
export class KillableServer implements AsyncDisposable {
  readonly port: number
  readonly #dataDir: string
  readonly #intervalS: number
  #process: ServerProcess | null = null

  constructor(dataDir: string, intervalS: number, port: number) {
    this.#dataDir = dataDir
    this.#intervalS = intervalS
    this.port = port
  }

  get process(): ServerProcess {
    if (this.#process === null) throw new Error('no server runs')
    return this.#process
  }

  /** Seconds until it is ready. */
  async start(): Promise<number> {
    const began = systemClock.monotonic()
    this.#process = await startServerProcess({
      dataDir: this.#dataDir,
      port: this.port,
      env: {
        DRYDOCK_CHECK_IN_INTERVAL: String(this.#intervalS),
        DRYDOCK_LOG_LEVEL: 'warn',
        DRYDOCK_PROBATION: '300',
        // One key orders for everybody here.
        DRYDOCK_KEY_REQUESTS_PER_S: '999999',
      },
    })
    return (systemClock.monotonic() - began) / 1000
  }

  /** Its PostgreSQL too, all at once: the power cut. */
  async kill(): Promise<void> {
    killTree(this.process.pid)
    await this.process.ended
    this.#process = null
  }

  connection() {
    return connectionToRunning(dataFolder(this.#dataDir).postgres)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]()
  }
}
