/** The oracle of windows as a child process: a question in, its answer out (window-oracle.py). */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export type About = {
  readonly python: string
  readonly tzdata: string
  readonly zones: readonly string[]
}
/** From this second on (since 1970), so many seconds ahead of UTC. */
export type OffsetChange = readonly [second: number, offsetS: number]
export type Run = readonly [minute: number, state: 'open' | 'outside-window' | 'closed-day']

export type Oracle = {
  ask(question: { readonly ask: 'about' }): Promise<About>
  ask(question: {
    readonly ask: 'offsets'
    readonly zone: string
    readonly from: number
    readonly to: number
  }): Promise<readonly OffsetChange[]>
  ask(question: RunsQuestion): Promise<readonly (readonly Run[])[]>
  [Symbol.asyncDispose](): Promise<void>
}

export type RunsQuestion = {
  readonly ask: 'runs'
  readonly zone: string
  readonly first: number
  readonly minutes: number
  readonly windows: readonly ({
    readonly days: readonly number[]
    readonly start: number
    readonly end: number
  } | null)[]
  readonly closed: readonly (readonly [string, string])[]
}

/** One question at a time. */
export function startOracle(): Oracle {
  const script = new URL('window-oracle.py', import.meta.url).pathname
  const python = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => {
    python.once('close', () => resolve())
  })
  const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
  return {
    async ask(question: object) {
      python.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error('python3 ended without an answer')
      return JSON.parse(value)
    },
    async [Symbol.asyncDispose]() {
      python.stdin.end()
      await ended
    },
  }
}
