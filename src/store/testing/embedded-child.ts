/**
 * A process that starts an embedded PostgreSQL, for tests that kill it: `node embedded-child.ts
 * FOLDER`. It says `ready`, then `row N` after each committed row, until it is killed; told `stop`,
 * it ends in good order.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { systemClock } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import { silentLog } from '../../base/log.ts'
import { clientSettings } from '../connection.ts'
import { startEmbedded } from '../embedded/embedded.ts'

/** What it says, a line each. */
export type Saying = 'ready' | `row ${number}` | `failed ${string}`

const say = (text: Saying) => process.stdout.write(`${text}\n`)

async function run(dataDir: string): Promise<void> {
  await using embedded = await startEmbedded({ dataDir, log: silentLog, clock: systemClock })
  const client = new Client(clientSettings(embedded.connection))
  await client.connect()
  await client.query('create table if not exists kept (id int primary key)')
  const told = once(createInterface({ input: process.stdin }), 'line')
  let isStopping = false
  void told.then(() => {
    isStopping = true
  })
  say('ready')
  const last = await client.query('select coalesce(max(id), 0) as last from kept')
  for (let id = Number(last.rows[0].last) + 1; !isStopping; id++) {
    await client.query('insert into kept values ($1)', [id])
    say(`row ${id}`)
  }
  await client.end()
}

run(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error) => {
    say(`failed ${causeChain(error).join(' <- ')}`)
    process.exit(1)
  },
)
