import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ProgramTarget, targetInHead, targetOfProgram } from './program-target.ts'

function elf(machine: number, interpreter: string | null): Buffer {
  const head = Buffer.alloc(256)
  head.writeUInt32BE(0x7f45_4c46, 0)
  head.writeUInt16LE(machine, 18)
  head.writeBigUInt64LE(64n, 32)
  head.writeUInt16LE(56, 54)
  head.writeUInt16LE(2, 56)
  head.writeUInt32LE(6, 64) // PT_PHDR
  if (interpreter === null) return head
  head.writeUInt32LE(3, 120) // PT_INTERP
  head.writeBigUInt64LE(200n, 128)
  head.writeBigUInt64LE(BigInt(interpreter.length), 152)
  head.write(interpreter, 200)
  return head
}

function pe(machine: number): Buffer {
  const head = Buffer.alloc(256)
  head.write('MZ', 0)
  head.writeUInt32LE(128, 0x3c)
  head.write('PE\0\0', 128)
  head.writeUInt16LE(machine, 132)
  return head
}

function macho(processor: number): Buffer {
  const head = Buffer.alloc(256)
  head.writeUInt32LE(0xfeed_facf, 0)
  head.writeUInt32LE(processor, 4)
  return head
}

function target(platform: ProgramTarget['platform'], arch: 'x64' | 'arm64'): ProgramTarget {
  return { platform, arch, libc: platform === 'linux' ? 'glibc' : 'none' }
}

describe('targetInHead', () => {
  const linux = target('linux', 'x64')
  it.each<[string, Buffer, ProgramTarget | null]>([
    ['linux with glibc', elf(62, '/lib64/ld-linux-x86-64.so.2'), linux],
    ['linux with musl', elf(62, '/lib/ld-musl-x86_64.so.1'), { ...linux, libc: 'musl' }],
    ['linux without a library', elf(183, null), { ...target('linux', 'arm64'), libc: null }],
    ['linux on a processor we know not', elf(243, null), null],
    ['windows on x64', pe(0x8664), target('windows', 'x64')],
    ['windows on arm64', pe(0xaa64), target('windows', 'arm64')],
    ['windows of 32 bits', pe(0x14c), null],
    ['a mac with an Intel processor', macho(0x0100_0007), target('macos', 'x64')],
    ['a mac with its own', macho(0x0100_000c), target('macos', 'arm64')],
    ['a script', Buffer.from(`#!/bin/sh\n${' '.repeat(100)}`), null],
    ['headers that are cut off', elf(62, '/lib/ld-musl-x86_64.so.1').subarray(0, 100), null],
    ['a header beyond the end', pe(0x8664).subarray(0, 100), null],
    ['next to nothing', Buffer.from('MZ'), null],
  ])('%s', (_case, head, expected) => {
    expect(targetInHead(head)).toEqual(expected)
  })
})

describe('targetOfProgram', () => {
  it('knows the program that runs this', async () => {
    const seen = await targetOfProgram(process.execPath)
    expect(seen).toMatchObject({ platform: 'linux', arch: process.arch })
  })

  it('reads a file that is shorter than what it looks at', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drydock-program-'))
    await writeFile(join(folder, 'x'), 'short')
    expect(await targetOfProgram(join(folder, 'x'))).toBeNull()
    await rm(folder, { recursive: true })
  })
})
