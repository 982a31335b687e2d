/**
 * Facts of a Windows machine: from its registry, which holds what its own programs show, and from
 * two calls. No program is started for them.
 *
 * Layouts and constants: "RegGetValueW", "RtlGetVersion", "WTSEnumerateSessionsW" and
 * "WTSQuerySessionInformationW" of Microsoft's Win32 API documentation.
 */
import type { Functions } from 'bun:ffi'
import { arch, hostname } from 'node:os'
import type { Facts } from '../../contract/agent/facts.ts'
import { fromWide, wide } from '../machine/windows/win32.ts'
import { leaveOut } from './leave-out.ts'
import type { Known, Machine } from './machine.ts'
import { listAddresses, sortedList } from './network.ts'

/** HKEY_LOCAL_MACHINE, a constant of 32 bits that is extended with its sign. */
const LOCAL_MACHINE = 0xffff_ffff_8000_0002n
const RRF_RT_REG_SZ = 0x2
const RRF_RT_DWORD = 0x18
const VALUE_BYTES_MAX = 1024
/** RTL_OSVERSIONINFOW: its own size, major, minor and build first. */
const VERSION_BYTES = 276
/** WTS_SESSION_INFOW of 64 bits: session id, a pointer, state. */
const SESSION_BYTES = 24
const SESSION_STATE_AT = 16
/** WTS_CONNECTSTATE_CLASS: somebody works there, or has left it open. */
const ACTIVE = 0
const DISCONNECTED = 4
const WTS_USER_NAME = 5
const SESSIONS_MAX = 256

const SYSTEM = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const CRYPTOGRAPHY = 'SOFTWARE\\Microsoft\\Cryptography'
const PRODUCT = 'SYSTEM\\CurrentControlSet\\Control\\ProductOptions'
const TIME_ZONE = 'SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation'
const NETWORK = 'SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters'

const ADVAPI = {
  RegGetValueW: {
    args: ['u64', 'ptr', 'ptr', 'u32', 'ptr', 'ptr', 'ptr'],
    returns: 'u32',
  },
} as const
/** ICU4C's `ucal_getTimeZoneIDForWindowsID`: Windows has it in `icu.dll`, earlier `icuin.dll`. */
const ICU = {
  ucal_getTimeZoneIDForWindowsID: {
    args: ['ptr', 'i32', 'ptr', 'ptr', 'i32', 'ptr'],
    returns: 'i32',
  },
} as const
const ICU_LIBRARIES = ['icu.dll', 'icuin.dll']
const ZONE_CHARACTERS_MAX = 64
const NTDLL = { RtlGetVersion: { args: ['ptr'], returns: 'u32' } } as const
const TERMINALS = {
  WTSEnumerateSessionsW: { args: ['u64', 'u32', 'u32', 'ptr', 'ptr'], returns: 'i32' },
  WTSQuerySessionInformationW: { args: ['u64', 'u32', 'u32', 'ptr', 'ptr'], returns: 'i32' },
  WTSFreeMemory: { args: ['u64'], returns: 'void' },
} as const

/** What the machine says, before it is a fact. */
export type WindowsSays = {
  /** Null where there is no such value. */
  text(key: string, name: string): string | null
  number(key: string, name: string): number | null
  /** The IANA name of a zone of Windows; null where nobody knows it. */
  zone(name: string): string | null
  /** Major, minor, build. */
  version(): readonly [number, number, number]
  users(): readonly string[]
}

export async function openWindowsMachine(): Promise<Machine> {
  return windowsMachine(await openWindows())
}

export function windowsMachine(says: WindowsSays): Machine {
  const zone = zoneReader(says)
  return {
    target: { platform: 'windows', arch: arch() === 'arm64' ? 'arm64' : 'x64', libc: 'none' },
    facts: (known) => windowsFacts(says, zone(), known),
    ownId: () => idOf(leaveOut(() => says.text(CRYPTOGRAPHY, 'MachineGuid')) ?? ''),
  }
}

/**
 * The runtime asks for the zone once, when it starts, and finds the one that fits the country best.
 * When another one is set later the registry says so at once, and the system's own ICU names it;
 * where it cannot (before Windows 10 of 2017), the zone is unknown until the agent starts again.
 */
function zoneReader(says: WindowsSays): () => string {
  const nameNow = () => leaveOut(() => says.text(TIME_ZONE, 'TimeZoneKeyName')) ?? ''
  const atStart = { name: nameNow(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone }
  return () => {
    const name = nameNow()
    if (name === atStart.name || name === '') return atStart.zone
    return leaveOut(() => says.zone(name)) ?? ''
  }
}

function windowsFacts(says: WindowsSays, zone: string, known: Known): Facts {
  const text = (key: string, name: string) => leaveOut(() => says.text(key, name)) ?? ''
  const [major, minor, build] = leaveOut(says.version) ?? [0, 0, 0]
  const revision = leaveOut(() => says.number(SYSTEM, 'UBR'))
  const kernel = `${major}.${minor}.${build}`
  return {
    hostname: hostname().slice(0, 255),
    platform: 'windows',
    arch: arch() === 'arm64' ? 'arm64' : 'x64',
    libc: 'none',
    os_name: systemName(text(SYSTEM, 'ProductName'), build).slice(0, 255),
    os_version: revision === null ? kernel : `${kernel}.${revision}`,
    kernel,
    // ServerNT and LanmanNT (a domain controller) are servers; WinNT is all the others.
    kind: /^(?:ServerNT|LanmanNT)$/i.test(text(PRODUCT, 'ProductType')) ? 'server' : 'workstation',
    ...listAddresses(),
    users: sortedList(new Set(leaveOut(says.users) ?? [])).map((user) => user.slice(0, 255)),
    domain: (text(NETWORK, 'Domain') || text(NETWORK, 'NV Domain')).slice(0, 255),
    time_zone: zone.slice(0, 64),
    ...known,
  }
}

/** Windows 11 still calls itself 10 in its registry; its first build is 22000. */
export function systemName(productName: string, build: number): string {
  if (productName === '') return 'Windows'
  return build >= 22_000 ? productName.replace(/^Windows 10\b/, 'Windows 11') : productName
}

/** A GUID without its punctuation; anything else is no id. */
export function idOf(guid: string): string {
  const id = guid.trim().replaceAll(/[{}-]/g, '').toLowerCase()
  return /^[0-9a-f]{32}$/.test(id) ? id : ''
}

async function openWindows(): Promise<WindowsSays> {
  const { dlopen, toArrayBuffer } = await import('bun:ffi')
  const advapi = dlopen('advapi32.dll', ADVAPI).symbols
  const ntdll = dlopen('ntdll.dll', NTDLL).symbols
  const read = (address: bigint, length: number) =>
    new Uint8Array(toArrayBuffer(Number(address), 0, length))
  return {
    text(key, name) {
      const value = registryValue(advapi, { key, name, kind: RRF_RT_REG_SZ })
      return value === null ? null : fromWide(value)
    },
    number(key, name) {
      const value = registryValue(advapi, { key, name, kind: RRF_RT_DWORD })
      return value === null ? null : new DataView(value.buffer).getUint32(0, true)
    },
    zone(name) {
      const library = ICU_LIBRARIES.map((each) => leaveOut(() => dlopen(each, ICU).symbols))
      const icu = library.find((each) => each !== null)
      return icu === undefined ? null : icuZone(icu, name)
    },
    version() {
      const answer = new Uint32Array(VERSION_BYTES / 4)
      answer[0] = VERSION_BYTES
      ntdll.RtlGetVersion(answer)
      return [answer[1] ?? 0, answer[2] ?? 0, answer[3] ?? 0]
    },
    users: () => usersOf(dlopen('wtsapi32.dll', TERMINALS).symbols, read),
  }
}

function registryValue(
  advapi: Functions<typeof ADVAPI>,
  { key, name, kind }: { readonly key: string; readonly name: string; readonly kind: number },
): Uint8Array<ArrayBuffer> | null {
  const value = new Uint8Array(VALUE_BYTES_MAX)
  const size = new Uint32Array([value.length])
  const where = [LOCAL_MACHINE, wide(key), wide(name)] as const
  return advapi.RegGetValueW(...where, kind, null, value, size) === 0 ? value : null
}

/** Null when ICU does not know it; its status is an error when it is above zero. */
function icuZone(icu: Functions<typeof ICU>, name: string): string | null {
  const zone = new Uint8Array(ZONE_CHARACTERS_MAX * 2)
  const status = new Int32Array(1)
  const asked = [wide(name), name.length, null, zone, ZONE_CHARACTERS_MAX, status] as const
  const length = icu.ucal_getTimeZoneIDForWindowsID(...asked)
  const isKnown = length > 0 && length < ZONE_CHARACTERS_MAX && (status[0] ?? 1) <= 0
  return isKnown ? fromWide(zone.subarray(0, length * 2)) : null
}

/** Who has a session, at the machine or from afar. */
function usersOf(
  terminals: Functions<typeof TERMINALS>,
  read: (address: bigint, length: number) => Uint8Array,
): string[] {
  const [list, count] = [new BigUint64Array(1), new Uint32Array(1)]
  if (terminals.WTSEnumerateSessionsW(0n, 0, 1, list, count) === 0) return []
  const [address = 0n] = list
  try {
    const sessions = Math.min(count[0] ?? 0, SESSIONS_MAX)
    const bytes = read(address, sessions * SESSION_BYTES)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const open = Array.from({ length: sessions }, (_, at) => at * SESSION_BYTES)
      .filter((at) => [ACTIVE, DISCONNECTED].includes(view.getUint32(at + SESSION_STATE_AT, true)))
      .map((at) => view.getUint32(at, true))
    return open.map((id) => userOf(terminals, read, id)).filter((user) => user !== '')
  } finally {
    terminals.WTSFreeMemory(address)
  }
}

function userOf(
  terminals: Functions<typeof TERMINALS>,
  read: (address: bigint, length: number) => Uint8Array,
  session: number,
): string {
  const [text, size] = [new BigUint64Array(1), new Uint32Array(1)]
  if (terminals.WTSQuerySessionInformationW(0n, session, WTS_USER_NAME, text, size) === 0) return ''
  const [address = 0n] = text
  try {
    return fromWide(read(address, Math.min(size[0] ?? 0, VALUE_BYTES_MAX)))
  } finally {
    terminals.WTSFreeMemory(address)
  }
}
