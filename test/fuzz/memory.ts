/** How much memory a server process holds while it works, and whether that stays. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import type { Running } from '../acceptance/processes.ts'

const MB = 1024 * 1024

/** As the system tells it: with garbage that nobody has collected yet. */
export async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  if (kb === undefined) throw new Error('the system does not tell VmRSS')
  return Math.round(Number(kb) / 1024)
}

/** In megabytes, just after everything that is garbage was collected. */
export type Held = { readonly rss: number; readonly heapUsed: number; readonly external: number }

const held = z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() })

/** Asks a process of serve.ts, one question after the other: signals under way at once merge. */
export function questionsOf(running: Pick<Running, 'pid' | 'said' | 'output'>) {
  let asked = 0
  let before: Promise<unknown> = Promise.resolve()
  const ask = async (): Promise<Held> => {
    asked += 1
    process.kill(running.pid, 'SIGUSR2')
    await running.said(`memory ${asked} `)
    const [, text] = new RegExp(`^memory ${asked} (.*)$`, 'm').exec(running.output()) ?? []
    const { rss, heapUsed, external } = held.parse(JSON.parse(text ?? ''))
    return { rss: rss / MB, heapUsed: heapUsed / MB, external: external / MB }
  }
  return (): Promise<Held> => {
    const answer = before.then(ask)
    before = answer
    return answer
  }
}

/** The medians of the four quarters of a run; the first of them is the warming up. */
export type Quarters = readonly [number, number, number, number]

export function quartersOf(samples: readonly number[]): Quarters {
  const quarter = (index: number) => {
    const [from, to] = [index, index + 1].map((each) => Math.round((samples.length * each) / 4))
    return Math.round(10 * medianOf(samples.slice(from, to))) / 10
  }
  return [quarter(0), quarter(1), quarter(2), quarter(3)]
}

function medianOf(samples: readonly number[]): number {
  const sorted = samples.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** From the second quarter to the last one. */
export function growthOf([, second, , last]: Quarters): {
  readonly mb: number
  readonly share: number
} {
  return { mb: last - second, share: last / second - 1 }
}
