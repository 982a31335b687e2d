/**
 * Facts of a Mac: from its files, and from three calls of libSystem. No program is started for
 * them.
 *
 * The id is the one that macOS calls the hardware UUID (gethostuuid(2)): it outlives a new
 * installation of the system, and a disk that moves to another Mac does not take it along. Users
 * are those of who(1) (utmpx.h of the system's SDK).
 */
import { arch, hostname, release } from 'node:os'
import type { Facts } from '../../contract/agent/facts.ts'
import { linkTarget, readIfThere } from '../machine/files.ts'
import { LIB_SYSTEM } from '../machine/macos/processes.ts'
import { leaveOut } from './leave-out.ts'
import type { Known, Machine } from './machine.ts'
import { listAddresses, sortedList } from './network.ts'
import { zoneOfLink } from './zone.ts'

const SYSTEM_VERSION = '/System/Library/CoreServices/SystemVersion.plist'
const PLIST_BYTES_MAX = 64 * 1024
const UUID_BYTES = 16
/** struct utmpx: the user's name first, 256 bytes; what the entry is of, in 16 bits, at 296. */
const USER_BYTES = 256
const TYPE_AT = 296
const ENTRY_BYTES = TYPE_AT + 2
const USER_PROCESS = 7
const ENTRIES_MAX = 1_000

const FUNCTIONS = {
  gethostuuid: { args: ['ptr', 'ptr'], returns: 'int' },
  setutxent: { args: [], returns: 'void' },
  getutxent: { args: [], returns: 'ptr' },
  endutxent: { args: [], returns: 'void' },
} as const

/** What the machine says, before it is a fact. */
export type MacSays = {
  /** Of the system's own files; null where there is none. */
  file(path: string): string | null
  link(path: string): string | null
  /** 16 bytes; null when the system does not know it. */
  uuid(): Uint8Array | null
  /** Each a struct utmpx, or as much of it as is looked at. */
  sessions(): readonly Uint8Array[]
}

export async function openMacMachine(): Promise<Machine> {
  return macMachine(await openMac())
}

export function macMachine(says: MacSays): Machine {
  const uuid = leaveOut(says.uuid)
  return {
    target: { platform: 'macos', arch: arch() === 'arm64' ? 'arm64' : 'x64', libc: 'none' },
    facts: (known) => macFacts(says, known),
    ownId: () => idOf(uuid),
  }
}

function macFacts(says: MacSays, known: Known): Facts {
  const system = parseTexts(leaveOut(() => says.file(SYSTEM_VERSION)) ?? '')
  const name = withoutLocal(hostname())
  const users = (leaveOut(says.sessions) ?? []).flatMap((entry) => userOf(entry) ?? [])
  return {
    hostname: name.slice(0, 255),
    platform: 'macos',
    arch: arch() === 'arm64' ? 'arm64' : 'x64',
    libc: 'none',
    os_name: (system.get('ProductName') ?? 'macOS').slice(0, 255),
    os_version: (system.get('ProductVersion') ?? '').slice(0, 255),
    kernel: release().slice(0, 255),
    // There has been no server edition since 2011.
    kind: 'workstation',
    ...listAddresses(),
    users: sortedList(new Set(users)).map((user) => user.slice(0, 255)),
    domain: name.includes('.') ? name.slice(name.indexOf('.') + 1, 255) : '',
    time_zone: (zoneOfLink(leaveOut(() => says.link('/etc/localtime')) ?? '') ?? 'UTC').slice(
      0,
      64,
    ),
    ...known,
  }
}

/** The texts of a property list's dictionary by their keys (plist(5)). */
export function parseTexts(plist: string): ReadonlyMap<string, string> {
  const pairs = plist.matchAll(/<key>([^<]*)<\/key>\s*<string>([^<]*)<\/string>/g)
  return new Map([...pairs].map(([, key = '', text = '']) => [key, plainText(text)]))
}

function plainText(xml: string): string {
  return xml.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

/** The suffix under which a Mac is found in its own network is no domain. */
export function withoutLocal(name: string): string {
  return name.replace(/\.local$/i, '')
}

/** Lower case and without its punctuation; a Mac that says nothing but zeros has none. */
export function idOf(uuid: Uint8Array | null): string {
  if (uuid === null || uuid.length !== UUID_BYTES || uuid.every((byte) => byte === 0)) return ''
  return Buffer.from(uuid).toString('hex')
}

/** Null of an entry that is not of somebody's session. */
export function userOf(entry: Uint8Array): string | null {
  if (entry.length < ENTRY_BYTES) return null
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength)
  if (view.getInt16(TYPE_AT, true) !== USER_PROCESS) return null
  const name = Buffer.from(entry.subarray(0, USER_BYTES)).toString('utf8').split('\0')[0]
  return name === undefined || name === '' ? null : name
}

async function openMac(): Promise<MacSays> {
  const { dlopen, toArrayBuffer } = await import('bun:ffi')
  const { gethostuuid, setutxent, getutxent, endutxent } = dlopen(LIB_SYSTEM, FUNCTIONS).symbols
  return {
    file(path) {
      const bytes = readIfThere(path, PLIST_BYTES_MAX)
      return bytes === null ? null : Buffer.from(bytes).toString('utf8')
    },
    link: linkTarget,
    uuid() {
      const uuid = new Uint8Array(UUID_BYTES)
      // A struct timespec: at most a second, should a service have to be asked.
      return gethostuuid(uuid, new BigInt64Array([1n, 0n])) === 0 ? uuid : null
    },
    sessions() {
      const entries: Uint8Array[] = []
      setutxent()
      for (let left = ENTRIES_MAX; left > 0; left -= 1) {
        const address = getutxent()
        if (!address) break
        // Copied: the next call writes to the same place.
        entries.push(Uint8Array.from(new Uint8Array(toArrayBuffer(address, 0, ENTRY_BYTES))))
      }
      endutxent()
      return entries
    },
  }
}
