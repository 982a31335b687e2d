import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { systemClock } from '../../base/clock.ts'
import { type Log, silentLog } from '../../base/log.ts'
import { accept } from '../../base/result.ts'
import { publicCall } from '../../contract/public/call.ts'
import { TEST_ACTOR } from '../testing/ask.ts'
import { listen } from './listen.ts'
import { nothingThere } from './nothing-there.ts'
import { type EdgeNeeds, publicRoute } from './public-edge.ts'
import type { PublicRoute } from './route.ts'
import { createTurns } from './turns.ts'

const streamCall = publicCall({
  path: 'test/rows',
  summary: 'So many rows, and then perhaps a fault.',
  origin: 'ours',
  request: z.strictObject({ rows: z.int(), isBroken: z.boolean() }),
  reply: z.array(z.object({ row: z.int(), filler: z.string() })),
  isRepeatable: true,
})

const streamRoute: PublicRoute<EdgeNeeds, typeof streamCall> = {
  call: streamCall,
  permission: null,
  async answer(_needs, { data }) {
    return accept(rowsOf(data.rows, data.isBroken))
  },
}

async function* rowsOf(rows: number, isBroken: boolean) {
  for (let row = 0; row < rows; row += 1) yield { row, filler: 'x'.repeat(1000) }
  if (isBroken) throw new Error('the rows broke off')
}

async function start() {
  const logged: string[] = []
  const log: Log = { ...silentLog, error: (facts) => logged.push(JSON.stringify(facts)) }
  const needs: EdgeNeeds = {
    admission: {
      admit: async () => ({ actor: TEST_ACTOR, verdict: accept(TEST_ACTOR) }),
      turns: createTurns(1),
    },
    refusedAttempts: { note() {}, drain: async () => {} },
    log,
  }
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    routes: [publicRoute(streamRoute, needs)],
    clock: systemClock,
    log,
    elsewhere: nothingThere,
    onAnswered() {},
  })
  return {
    logged,
    ask: (data: unknown) =>
      fetch(`http://127.0.0.1:${listener.port}/public_api/v1/test/rows`, {
        method: 'POST',
        body: JSON.stringify({ request_data: data }),
      }),
    [Symbol.asyncDispose]: () => listener.close(100),
  }
}

describe('a reply row by row', () => {
  it.each([0, 1, 500])('of %d rows is one whole reply', async (rows) => {
    await using server = await start()
    const answer = await server.ask({ rows, isBroken: false })
    const { reply } = (await answer.json()) as { readonly reply: readonly { row: number }[] }
    expect(reply.map(({ row }) => row)).toEqual(Array.from({ length: rows }, (_, row) => row))
  })

  it.each([0, 500])(
    'that breaks off after %d rows is cut and logged, never whole',
    async (rows) => {
      await using server = await start()
      const text = server.ask({ rows, isBroken: true }).then((answer) => answer.text())
      await expect(text).rejects.toThrow()
      expect(server.logged.join()).toContain('the rows broke off')
    },
  )
})
