/**
 * Where the running agent is asked for its status. On Unix a socket in the state folder, which is
 * root's alone. Windows has no such sockets: there it is a pipe, whose name anybody can list, so
 * who asks must first say a secret that lies in the state folder beside the name.
 */
import * as z from 'zod'
import { toHex } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'
import { type AgentPlatform, OWN_PLATFORM } from './machine/platform.ts'

const door = z.strictObject({
  address: z.string().max(200),
  /** What has to be said before anything is answered; empty: nothing. */
  secret: z.string().max(64),
})
export type StatusDoor = z.infer<typeof door>

type Doors = {
  /** A door for a new agent. */
  make(path: string, random: Random): StatusDoor
  /** The door that the running agent made; null when none did. */
  find(path: string): StatusDoor | null
}

const SOCKET: Doors = {
  make: (address) => ({ address, secret: '' }),
  find: (address) => ({ address, secret: '' }),
}

const PIPE: Doors = {
  make(path, random) {
    const made = {
      address: `\\\\.\\pipe\\drydock-agent-${toHex(random.bytes(8))}`,
      secret: toHex(random.bytes(32)),
    }
    writeJsonFile(path, made)
    return made
  },
  find(path) {
    const read = readJsonFile(path, door)
    return read.ok ? read.value : null
  },
}

const DOORS: Readonly<Record<AgentPlatform, Doors>> = {
  linux: SOCKET,
  macos: SOCKET,
  windows: PIPE,
}

export function makeStatusDoor(path: string, random: Random, platform = OWN_PLATFORM): StatusDoor {
  return DOORS[platform].make(path, random)
}

export function findStatusDoor(path: string, platform = OWN_PLATFORM): StatusDoor | null {
  return DOORS[platform].find(path)
}
