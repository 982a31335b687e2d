/** Facts of a Linux machine, from the files that say so. No program is started for them. */
import { arch, hostname, release } from 'node:os'
import type { Arch, Libc } from '../../base/platform.ts'
import type { Facts } from '../../contract/agent/facts.ts'
import { linkTarget, namesIn, readIfThere, sizeIfThere } from '../machine/files.ts'
import { leaveOut } from './leave-out.ts'
import type { Known, Machine } from './machine.ts'
import { readMachineId } from './machine-id.ts'
import { listAddresses, sortedList } from './network.ts'
import { zoneOf } from './zone.ts'

const TEXT_BYTES_MAX = 64 * 1024
/** /run/utmp of a machine with very many sessions. */
const UTMP_BYTES_MAX = 4 * 1024 * 1024

export function linuxMachine(): Machine {
  return {
    target: { platform: 'linux', arch: machineArch(), libc: machineLibc() },
    facts: linuxFacts,
    ownId: () => readMachineId('/etc/machine-id'),
  }
}

export function linuxFacts(known: Known): Facts {
  const osRelease = parseKeyValues(readText('/etc/os-release'))
  const addresses = listAddresses()
  const name = hostname().slice(0, 255)
  return {
    hostname: name,
    platform: 'linux',
    arch: machineArch(),
    libc: machineLibc(),
    os_name: (osRelease.get('NAME') ?? 'Linux').slice(0, 255),
    os_version: osVersion(osRelease, readText('/etc/debian_version')).slice(0, 255),
    kernel: release().slice(0, 255),
    kind: isWorkstation() ? 'workstation' : 'server',
    ...addresses,
    users: listUsers(),
    domain: domainOf(name).slice(0, 255),
    time_zone: zoneOf({ link: linkTarget, file }).slice(0, 64),
    ...known,
  }
}

export function machineArch(): Arch {
  return arch() === 'arm64' ? 'arm64' : 'x64'
}

/** By the loader that is installed: glibc's wins where both are, as on a Debian with musl tools. */
export function machineLibc(): Libc {
  const has = (paths: string[]) => paths.some((path) => namesAnything(path))
  if (has(['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'])) return 'glibc'
  return has(['/lib/ld-musl-x86_64.so.1', '/lib/ld-musl-aarch64.so.1']) ? 'musl' : 'glibc'
}

/** os-release(5) and its like: `KEY=value` or `KEY="value"` lines. */
export function parseKeyValues(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    // Trimmed beforehand: blanks at the end of the pattern would be tried from every blank.
    const match = /^([A-Z_0-9]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trimEnd())
    if (match?.[1] === undefined) continue
    values.set(match[1], (match[2] ?? match[3] ?? match[4] ?? '').replace(/\\(["$`\\])/g, '$1'))
  }
  return values
}

/**
 * Debian's os-release names the release alone (`12`); its other file knows the point release. Where
 * releases roll there is no version, and the build says it.
 */
export function osVersion(osRelease: ReadonlyMap<string, string>, debianVersion: string): string {
  const id = osRelease.get('VERSION_ID') ?? osRelease.get('BUILD_ID') ?? ''
  const point = debianVersion.trim()
  return osRelease.get('ID') === 'debian' && point.startsWith(`${id}.`) ? point : id
}

/** utmp(5): records of 384 bytes, type at 0 (7: a user's process), user name at 44, 32 bytes. */
export function parseUtmp(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const users: string[] = []
  for (let at = 0; at + 384 <= bytes.length; at += 384) {
    if (view.getInt16(at, true) !== 7) continue
    const name = Buffer.from(bytes.subarray(at + 44, at + 76)).toString('utf8')
    users.push(name.split('\0')[0] ?? '')
  }
  return users
}

function listUsers(): string[] {
  const users = new Set<string>()
  for (const name of leaveOut(() => namesIn('/run/systemd/users')) ?? []) {
    const user = parseKeyValues(readText(`/run/systemd/users/${name}`))
    const state = user.get('STATE')
    if (state === 'active' || state === 'online') users.add(user.get('NAME') ?? name)
  }
  for (const name of parseUtmp(readBytes('/run/utmp', UTMP_BYTES_MAX))) users.add(name)
  users.delete('')
  return sortedList(users).map((user) => user.slice(0, 255))
}

/**
 * Somebody works at it where a display manager is enabled; Debian's default target says nothing.
 */
function isWorkstation(): boolean {
  return namesAnything('/etc/systemd/system/display-manager.service')
}

function domainOf(name: string): string {
  const dot = name.indexOf('.')
  if (dot > 0) return name.slice(dot + 1)
  return /^domain\s+(\S+)/m.exec(readText('/etc/resolv.conf'))?.[1] ?? ''
}

function namesAnything(path: string): boolean {
  return sizeIfThere(path) !== null || linkTarget(path) !== null
}

function readText(path: string): string {
  return Buffer.from(readBytes(path, TEXT_BYTES_MAX)).toString('utf8')
}

function file(path: string): Uint8Array | null {
  return leaveOut(() => readIfThere(path, TEXT_BYTES_MAX))
}

function readBytes(path: string, bytesMax: number): Uint8Array {
  return leaveOut(() => readIfThere(path, bytesMax)) ?? new Uint8Array()
}
