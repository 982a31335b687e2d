import { describe, expect, it } from 'vitest'
import { Chance } from '../chance.ts'
import { Quiet } from '../quiet.ts'
import { Timeline } from '../virtual-clock.ts'
import { FAIR_WEATHER, Network, type Serve, type Weather } from './network.ts'

const LARGE = new Uint8Array(20_000).fill(7)

/** A network with one machine on it, and what came of one request. */
async function ask(weather: Partial<Weather>, about: { serve?: Serve; seed?: string } = {}) {
  const timeline = new Timeline(0)
  const quiet = new Quiet()
  const faults: string[] = []
  let served = 0
  const serve: Serve = async (request) => {
    served += 1
    return (
      about.serve?.(request) ?? {
        status: 200,
        headers: { 'content-type': 'application/octet-stream' },
        body: LARGE,
      }
    )
  }
  const network = new Network({ timeline, serve, onFault: (name) => faults.push(name) })
  network.weather = { ...FAIR_WEATHER, ...weather }
  const abort = new AbortController()
  timeline.after(15_000, () => abort.abort(new Error('too late')))
  const line = network.lineOf('machine', new Chance(about.seed ?? '1'))
  const init = { method: 'GET', headers: {}, decompress: false, signal: abort.signal } as const
  const came = line
    .fetch('http://server/agent/v1/artifacts/a', init)
    .then(async (response) => await response.arrayBuffer())
  const outcome = came.then(
    (bytes) => new Uint8Array(bytes),
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  )
  do await quiet.settle()
  while (timeline.step(600_000))
  return { outcome: await outcome, faults, served }
}

describe('a request', () => {
  it('comes and is answered, in pieces', async () => {
    expect(await ask({})).toEqual({ outcome: LARGE, faults: [], served: 1 })
  })

  it('may be lost on the way, or its answer on the way back', async () => {
    const lost = await ask({ lostRequests: 1 })
    expect(lost).toEqual({ outcome: 'too late', faults: ['lost-request'], served: 0 })
    const lostReply = await ask({ lostReplies: 1 })
    expect(lostReply).toEqual({ outcome: 'too late', faults: ['lost-reply'], served: 1 })
  })

  it('may come twice, and is answered once', async () => {
    expect(await ask({ duplicates: 1 })).toEqual({
      outcome: LARGE,
      faults: ['duplicate'],
      served: 2,
    })
  })

  it('may have an answer that breaks off', async () => {
    expect(await ask({ cuts: 1 })).toEqual({ outcome: 'terminated', faults: ['cut'], served: 1 })
  })

  it('may have an answer of other bytes', async () => {
    const { outcome, faults } = await ask({ damages: 1 })
    expect(faults).toEqual(['damage'])
    expect(outcome).toHaveLength(LARGE.length)
    expect(outcome).not.toEqual(LARGE)
  })

  it('fails where nobody listens', async () => {
    const serve: Serve = async () => {
      throw new Error('refused')
    }
    expect((await ask({}, { serve })).outcome).toBe('fetch failed')
  })
})
