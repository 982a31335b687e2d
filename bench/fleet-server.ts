/** A hundred thousand endpoints in the bench's server, and how they are asked for. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { systemClock } from '../src/base/clock.ts'
import { systemRandom } from '../src/base/random.ts'
import { apiKeyFile, signedHeaders } from '../src/client/api-key.ts'
import { clientSettings } from '../src/store/connection.ts'
import { dataFolder } from '../src/store/data-folder.ts'
import { connectionToRunning } from '../src/store/embedded/embedded.ts'
import { fillFleet } from '../src/store/testing/fleet.ts'
import type { ServerProcess } from '../test/acceptance/server-process.ts'
import { quantile } from './machine.ts'

export const FLEET = 100_000

export type FleetServer = AsyncDisposable & {
  readonly server: ServerProcess
  /** Straight to the server's database, past the server. */
  readonly sql: Client
  /** Sends `request_data`; the answer as it comes. */
  post(path: string, data: unknown): Promise<Response>
}

export async function openFleetServer(
  server: ServerProcess,
  dataDir: string,
): Promise<FleetServer> {
  const connection = await connectionToRunning(dataFolder(dataDir).postgres)
  const sql = new Client(clientSettings(connection))
  await sql.connect()
  const filled = await sql.query(`select 1 from distribution where name = 'fleet 1'`)
  if (filled.rowCount === 0) await fillFleet(connection, FLEET, systemClock.now())
  const key = apiKeyFile.parse(JSON.parse(await readFile(join(dataDir, 'admin-key.json'), 'utf8')))
  return {
    server,
    sql,
    async post(path, data) {
      const response = await fetch(`${server.url}/public_api/v1/${path}`, {
        method: 'POST',
        headers: signedHeaders(key, { clock: systemClock, random: systemRandom }),
        body: JSON.stringify({ request_data: data }),
      })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response
    },
    [Symbol.asyncDispose]: () => sql.end(),
  }
}

export type Times = { readonly p50: number; readonly p95: number }

/** Milliseconds of each round, after some that are not counted; `prepare` is not either. */
export async function timeRounds(
  rounds: number,
  perform: (round: number) => Promise<unknown>,
  prepare: () => Promise<unknown> = async () => undefined,
): Promise<Times> {
  const times: number[] = []
  for (let round = -Math.ceil(rounds / 4); round < rounds; round += 1) {
    await prepare()
    const started = performance.now()
    await perform(Math.abs(round))
    if (round >= 0) times.push(performance.now() - started)
  }
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) }
}

export function timesText({ p50, p95 }: Times): string {
  return `${p50.toFixed(1)} / ${p95.toFixed(1)} ms`
}
