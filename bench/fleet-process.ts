/**
 * A crowd of agents in a process of its own: one process could neither hold a hundred thousand of
 * them nor send for them without being late. Asked over Node's own channel, one thing at a time.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemRandom } from '../src/base/random.ts'
import { Crowd, type CrowdLook, type CrowdOptions } from './fleet-crowd.ts'

export type CrowdHandle = AsyncDisposable & {
  /** Counts anew from now on. */
  mark(): Promise<void>
  look(): Promise<CrowdLook>
}

type Asked = { readonly kind: 'begin'; readonly options: CrowdOptions } | { kind: 'mark' | 'look' }

export async function startCrowdProcess(options: CrowdOptions): Promise<CrowdHandle> {
  const child = fork(fileURLToPath(import.meta.url), { serialization: 'advanced' })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a crowd of agents ended with ${code}`)
  })
  ended.catch(() => {
    // Best effort: whoever asks it something hears of its end.
  })
  const ask = async (asked: Asked): Promise<unknown> => {
    const answer = once(child, 'message')
    child.send(asked)
    const [told] = await Promise.race([answer, ended])
    return told
  }
  await ask({ kind: 'begin', options })
  return {
    async mark() {
      await ask({ kind: 'mark' })
    },
    // What `listen` sends.
    look: async () => (await ask({ kind: 'look' })) as CrowdLook,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function listen(): void {
  let crowd: Crowd | null = null
  process.on('message', (asked: Asked) => {
    if (asked.kind === 'begin') crowd = new Crowd(asked.options, systemRandom)
    if (asked.kind === 'mark') crowd?.mark()
    process.send?.(asked.kind === 'look' ? crowd?.look() : null)
  })
  // Whoever started it is gone, however.
  process.on('disconnect', () => process.exit(0))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) listen()
