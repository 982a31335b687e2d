/**
 * What a compiled program says it runs on, by its first bytes: enough to notice that a folder is of
 * another target before a release that nobody can start is published for ever. What is not
 * recognised is for others to judge.
 */
import { open } from 'node:fs/promises'
import type { Arch, Libc, Target } from '../base/platform.ts'

/** `libc` null: it needs none of the machine's. */
export type ProgramTarget = Omit<Target, 'libc'> & { readonly libc: Libc | null }

/** Headers come first, and a linker writes the interpreter's name right behind them. */
const HEAD_BYTES = 64 * 1024

/** System V ABI, chapter 4: e_ident, e_machine, then the table of program headers. */
const ELF = { magic: 0x7f45_4c46, machine: 18, table: 32, size: 54, count: 56, interpreter: 3 }
const ELF_MACHINES: Readonly<Record<number, Arch>> = { 62: 'x64', 183: 'arm64' }
/** "PE Format", Microsoft: the place of the header stands at 0x3c, the machine after `PE\0\0`. */
const PE = { mz: 0x4d5a, place: 0x3c, magic: 0x5045_0000 }
const PE_MACHINES: Readonly<Record<number, Arch>> = { 34404: 'x64', 43620: 'arm64' }
/** mach-o/loader.h and mach/machine.h. */
const MACHO_MAGIC = 0xfeed_facf
const MACHO_PROCESSORS: Readonly<Record<number, Arch>> = { 16777223: 'x64', 16777228: 'arm64' }

export async function targetOfProgram(path: string): Promise<ProgramTarget | null> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), { position: 0 })
  return targetInHead(buffer.subarray(0, bytesRead))
}

export function targetInHead(head: Buffer): ProgramTarget | null {
  if (head.length < 64) return null
  if (head.readUInt32BE(0) === ELF.magic) return elfTarget(head)
  if (head.readUInt16BE(0) === PE.mz) return windowsTarget(head)
  if (head.readUInt32LE(0) !== MACHO_MAGIC) return null
  return named('macos', MACHO_PROCESSORS[head.readUInt32LE(4)], 'none')
}

function elfTarget(head: Buffer): ProgramTarget | null {
  const arch = ELF_MACHINES[head.readUInt16LE(ELF.machine)]
  const table = head.readBigUInt64LE(ELF.table)
  const [size, count] = [head.readUInt16LE(ELF.size), head.readUInt16LE(ELF.count)]
  for (let index = 0; index < count; index++) {
    const at = Number(table) + index * size
    if (size < 56 || at + size > head.length) return null
    if (head.readUInt32LE(at) !== ELF.interpreter) continue
    const start = Number(head.readBigUInt64LE(at + 8))
    const length = Number(head.readBigUInt64LE(at + 32))
    const name = head.toString('latin1', start, Math.min(start + length, head.length))
    return named('linux', arch, name.includes('/ld-musl-') ? 'musl' : 'glibc')
  }
  return named('linux', arch, null)
}

function windowsTarget(head: Buffer): ProgramTarget | null {
  const at = head.readUInt32LE(PE.place)
  if (at + 6 > head.length || head.readUInt32BE(at) !== PE.magic) return null
  return named('windows', PE_MACHINES[head.readUInt16LE(at + 4)], 'none')
}

function named(
  platform: Target['platform'],
  arch: Arch | undefined,
  libc: Libc | null,
): ProgramTarget | null {
  return arch === undefined ? null : { platform, arch, libc }
}
