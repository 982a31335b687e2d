import { describe, expect, it } from 'vitest'
import { startAssembledServer } from './testing/assembled.ts'

describe('what operators ask, without a key', () => {
  it('/healthz says that the process is up', async () => {
    await using server = await startAssembledServer()
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  it('/readyz waits for the first release, and leaves nothing in the artifact store', async () => {
    await using server = await startAssembledServer()
    const before = await (await fetch(`${server.url}/readyz`)).json()
    expect(before).toEqual({
      status: 'not-ready',
      checks: { database: true, artifacts: true, release: false },
    })
    await server.publish('1.0.0.1')
    let status = 0
    while (status !== 200) status = (await fetch(`${server.url}/readyz`)).status
    const { database } = server.assembled.needs
    expect(await database.read.selectFrom('artifact').select('digest').execute()).toHaveLength(2)
  })

  it('/metrics counts requests by route, never by what a client sent', async () => {
    await using server = await startAssembledServer()
    await fetch(`${server.url}/dist/secret/deb/x?signature=abc`)
    await fetch(`${server.url}/no/such/path`)
    while (server.answered.length < 2) await new Promise(setImmediate)
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toContain('route="/dist/:distribution/:type/:file",method="GET",status="403"} 1')
    expect(text).toContain('route="none",method="GET",status="404"} 1')
    expect(text).not.toMatch(/secret|such|abc/)
    expect(text).toContain('drydock_upgrades{state="queued"} 0')
    expect(text).toContain('drydock_outbox_depth 0')
    expect(text).toContain('process_cpu_seconds_total')
  })
})
