/**
 * A process of the fuzz: the server as `npm start` puts it together, on a database that others may
 * share, without the agent of this machine, which nobody here installs. Says where it listens; with
 * SIGUSR2 it throws away what is garbage and says what it still holds; with SIGTERM it stops.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startServer } from '../../src/main/server.ts'
import { openServerLog } from '../../src/main/server-log.ts'
import { TEST_CERTIFICATE } from '../../src/server/testing/certificate.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    database: { type: 'string' },
    tls: { type: 'boolean', default: false },
  },
})
const { data, database, tls } = values
if (data === undefined || database === undefined) throw new Error('--data and --database')
const server = await startServer({
  dataDir: data,
  databaseUrl: database,
  listen: '127.0.0.1:0',
  log: openServerLog('error', process.stderr),
  checkInIntervalS: 60,
  probationS: 300,
  // What is looked for lies behind the limit of requests.
  keyRequestsPerS: 1e9,
  publishBuiltIn: false,
  ...(tls ? { tls: TEST_CERTIFICATE } : {}),
})
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
let collections = 0
process.on('SIGUSR2', () => {
  collect()
  collections += 1
  const { rss, heapUsed, external } = process.memoryUsage()
  process.stdout.write(`memory ${collections} ${JSON.stringify({ rss, heapUsed, external })}\n`)
})
process.stdout.write(`listening on ${server.url}\n`)
await once(process, 'SIGTERM')
await server.close()
