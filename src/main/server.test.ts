import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../base/log.ts'
import { type ServerOptions, startServer } from './server.ts'

let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drydock-server-'))
})

afterEach(() => rm(dataDir, { recursive: true, force: true }))

function options(): ServerOptions {
  return {
    dataDir,
    listen: '127.0.0.1:0',
    log: silentLog,
    checkInIntervalS: 60,
    probationS: 300,
    publishBuiltIn: false,
  }
}

async function versions(url: string, key: { id: number; key: string }): Promise<Response> {
  const headers = { authorization: key.key, 'x-xdr-auth-id': String(key.id) }
  return await fetch(`${url}/public_api/v1/distributions/get_versions`, { method: 'POST', headers })
}

describe('a server', () => {
  it('starts in an empty folder, keeps its key over a restart, and answers by it', async () => {
    const first = await startServer(options())
    const key = JSON.parse(await readFile(join(dataDir, 'admin-key.json'), 'utf8'))
    expect(first.adminKey).toEqual(key)
    expect((await versions(first.url, key)).status).toBe(200)
    await first.close()
    const second = await startServer(options())
    expect((await versions(second.url, key)).status).toBe(200)
    expect(await (await fetch(`${second.url}/healthz`)).json()).toEqual({ status: 'ok' })
    await second.close()
  })

  it('never narrows a folder that was there before it', async () => {
    await chmod(dataDir, 0o1777)
    await (await startServer(options())).close()
    expect((await stat(dataDir)).mode & 0o7777).toBe(0o1777)
  })

  it('refuses a folder that another server uses, and leaves that one alone', async () => {
    const first = await startServer(options())
    await expect(startServer(options())).rejects.toThrow('data-dir-in-use')
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200)
    await first.close()
  })

  it('that cannot listen closes what it had opened', async () => {
    const first = await startServer(options())
    const other = await mkdtemp(join(tmpdir(), 'drydock-server-'))
    const taken = { ...options(), dataDir: other, listen: first.url.slice('http://'.length) }
    await expect(startServer(taken)).rejects.toThrow('cannot-listen')
    // The folder is free again: nothing of the failed start is left.
    const again = await startServer({ ...taken, listen: '127.0.0.1:0' })
    await again.close()
    await first.close()
    await rm(other, { recursive: true, force: true })
  })
})
