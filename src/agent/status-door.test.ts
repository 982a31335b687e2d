import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { type Status, serveStatus } from './status.ts'
import { findStatusDoor, makeStatusDoor } from './status-door.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-door-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What is answered to whoever says `words`. */
function ask(address: string, words: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = createConnection(address)
    socket.on('data', (piece) => {
      text += String(piece)
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
    socket.write(words)
  })
}

describe('the door of the status', () => {
  it('is the socket itself on Unix', () => {
    const path = join(folder, 'status.sock')
    expect(makeStatusDoor(path, systemRandom, 'linux')).toEqual({ address: path, secret: '' })
    expect(findStatusDoor(path, 'linux')).toEqual({ address: path, secret: '' })
  })

  it('is a pipe of a name and a secret of its own on Windows, both in the state folder', () => {
    const path = join(folder, 'status.sock')
    expect(findStatusDoor(path, 'windows')).toBeNull()
    const first = makeStatusDoor(path, systemRandom, 'windows')
    expect(first.address).toMatch(/^\\\\\.\\pipe\\drydock-agent-[0-9a-f]{16}$/)
    expect(first.secret).toMatch(/^[0-9a-f]{64}$/)
    expect(findStatusDoor(path, 'windows')).toEqual(first)
    expect(makeStatusDoor(path, systemRandom, 'windows')).not.toEqual(first)
  })

  it('that has a secret opens to nobody who does not say it', async () => {
    const door = { address: join(folder, 'door'), secret: 'f'.repeat(64) }
    const server = serveStatus(door, silentLog, () => ({ running: true }) as Status)
    await new Promise((resolve) => server.once('listening', resolve))
    expect(await ask(door.address, 'e'.repeat(64))).toBe('')
    expect(await ask(door.address, 'f'.repeat(65))).toBe('')
    expect(await ask(door.address, door.secret)).toBe('{"running":true}')
    await new Promise((resolve) => server.close(resolve))
  })
})
