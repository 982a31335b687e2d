import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../base/log.ts'
import { backup, restore } from './backup.ts'
import { startServer } from './server.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-backup-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function place(name: string) {
  return { dataDir: join(folder, name), databaseUrl: null }
}

function start(name: string) {
  return startServer({
    dataDir: join(folder, name),
    listen: '127.0.0.1:0',
    log: silentLog,
    checkInIntervalS: 60,
    probationS: 60,
    publishBuiltIn: false,
  })
}

async function statusWith(keyOf: string, url: string): Promise<number> {
  const { id, key } = JSON.parse(await readFile(join(folder, keyOf, 'admin-key.json'), 'utf8'))
  const headers = { authorization: key, 'x-xdr-auth-id': String(id) }
  const path = '/public_api/v1/distributions/get_versions'
  return (await fetch(url + path, { method: 'POST', headers })).status
}

describe('backup and restore of this machine', () => {
  it('work beside a running server and without one, and bring the server back', async () => {
    const server = await start('first')
    const running = await backup(place('first'), join(folder, 'running.backup'))
    // The server did not notice.
    expect(await statusWith('first', server.url)).toBe(200)
    await server.close()
    const stopped = await backup(place('first'), join(folder, 'stopped.backup'))
    for (const each of [running, stopped]) {
      expect(each).toMatchObject({ ok: true, value: { rows: expect.any(Number) } })
    }
    for (const name of ['running', 'stopped']) {
      const restored = await restore(place(name), join(folder, `${name}.backup`))
      expect(restored).toMatchObject({ ok: true })
      const again = await start(name)
      expect(await statusWith('first', again.url)).toBe(200)
      await again.close()
    }
  })

  it('a backup goes over nothing that is there', async () => {
    const file = join(folder, 'stopped.backup')
    expect(await restore(place('first'), file)).toMatchObject({
      ok: false,
      refusal: { reason: 'not-empty', message: expect.stringContaining('instance-secret') },
    })
  })

  it('where there is no server there is nothing to back up, and nothing is made', async () => {
    const outcome = await backup(place('nowhere'), join(folder, 'none.backup'))
    expect(outcome).toMatchObject({ ok: false, refusal: { reason: null } })
    const names = await readdir(folder)
    expect(names).not.toContain('nowhere')
    expect(names).not.toContain('none.backup')
  })
})
