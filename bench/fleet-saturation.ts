/** How many check-ins a second of the whole fleet one server bears, against bare node:http. */
import type { ServerProcess } from '../test/acceptance/server-process.ts'
import { measure, measureBare } from './check-ins.ts'
import { FleetAgent } from './fleet-agent.ts'
import { checkInBytes, fleetIdentity } from './fleet-crowd.ts'
import { FLEET_FACTS, FLEET_RUN, FLEET_VERSION } from './fleet-set-up.ts'
import { type Row, ratio } from './table.ts'

/** Of the whole fleet, taken evenly: the generator holds all its requests in memory. */
const AGENTS_MAX = 20_000

export async function saturate(server: ServerProcess, count: number): Promise<readonly Row[]> {
  const asking = Math.min(count, AGENTS_MAX)
  const about = { runId: FLEET_RUN, version: FLEET_VERSION, fraction: () => 0 }
  const body = JSON.stringify(new FleetAgent(about).request(FLEET_FACTS))
  const requests = Array.from({ length: asking }, (_, index) => {
    const { endpointId, secret } = fleetIdentity(Math.floor((index * count) / asking))
    return checkInBytes(`Bearer ${endpointId}.${secret}`, body)
  })
  const port = Number(new URL(server.url).port)
  const ours = await measure({ port, pid: server.pid, requests })
  const answer = await fetch(`${server.url}/agent/v1/check-in`, {
    method: 'POST',
    headers: { authorization: /authorization: (.*)\r\n/.exec(requests[0] ?? '')?.[1] ?? '' },
    body,
  })
  const bare = await measureBare(requests, await answer.text())
  const ourRate = ours.load.count / ours.load.seconds
  const bareRate = bare.load.count / bare.load.seconds
  return [
    {
      what: `check-ins a second of ${asking} of ${count} endpoints, as fast as they go`,
      ours: ourRate.toFixed(0),
      other: `bare node:http: ${bareRate.toFixed(0)}`,
      ratio: ratio(ourRate, bareRate),
    },
  ]
}
