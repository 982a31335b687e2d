/**
 * Every package of every kind is made by the server itself: from the first release on it starts no
 * program (docs/adr/0004), as strace(1) sees it. PostgreSQL's processes are forks of one that was
 * started before.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { Client } from '../../src/client/client.ts'
import { PACKAGE_TYPES } from '../../src/contract/public/distributions.ts'
import { sampleExecutable } from '../../src/pack/macho/sample-executable.suite.ts'
import { sampleProgram } from '../../src/pack/msi/program.suite.ts'
import { needs } from '../needs.ts'
import { built, builtInRelease, download } from './catalogue.ts'
import {
  androidProgram,
  KINDS,
  type Program,
  publishEverywhere,
  type TargetName,
} from './every-platform.ts'
import { freePort } from './processes.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const VERSION = '9.0.0.1'
/** Packages for 32 bits are refused (there is no runtime for them). */
const NOT_MADE = ['x86']

let folder: string
let server: ServerProcess
let client: Client
let from: number
/** By kind. */
const ids = new Map<string, string>()

describe.skipIf(!(needs('strace') && canTrace()))('no programs (needs strace, ptrace)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-no-programs-'))
    const words = ['-D', '-f', '-qq', '-ttt', '-s', '200', '-e', 'trace=execve,execveat']
    server = await startServerProcess({
      dataDir: join(folder, 'data'),
      port: await freePort(),
      under: ['strace', ...words, '-e', 'signal=none', '-o', join(folder, 'trace')],
    })
    client = server.client
    // The agent of this machine is put together once, at the first start.
    await builtInRelease(client)
    from = systemClock.now() / 1000
    await publishEverywhere(client, VERSION, programFor)
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it.each(KINDS)('builds $name, each format, and gives it out', async ({ name, order, types }) => {
    const { distribution_id } = await client.distributions.create({ name, ...order(VERSION) })
    await built(client, distribution_id)
    const { supported_packages } = await client.distributions.getStatus(distribution_id)
    expect([...supported_packages].sort()).toEqual([...types].sort())
    for (const type of types) {
      const path = await download(client, distribution_id, { type, folder: join(folder, name) })
      expect((await stat(path)).size).toBeGreaterThan(0)
    }
    ids.set(name, distribution_id)
  })

  it('has then built every documented type of package', () => {
    const made = KINDS.flatMap(({ name, types }) => (ids.has(name) ? types : []))
    expect(PACKAGE_TYPES.filter((type) => !made.includes(type))).toEqual(NOT_MADE)
  })

  it('started no program meanwhile', async () => {
    const until = systemClock.now() / 1000
    await server[Symbol.asyncDispose]()
    const calls = execsIn(await readFile(join(folder, 'trace'), 'utf8'))
    // That it saw the server and its database start shows that it would have seen more.
    const before = calls.filter(({ at }) => at < from).map(({ text }) => text)
    expect(before.some((text) => text.includes('src/main/cli.ts'))).toBe(true)
    expect(before.some((text) => text.includes('postgres'))).toBe(true)
    const meanwhile = calls.filter(({ at }) => at >= from && at <= until)
    expect(meanwhile.map(({ text }) => text)).toEqual([])
  })
})

/** Small, and of the form that its writers look at. */
function programFor(name: TargetName): Program {
  const agent = utf8(`// the agent of ${name}`)
  if (name.startsWith('android')) return androidProgram()
  if (name.startsWith('darwin')) return { launcher: sampleExecutable(), agent }
  if (name.startsWith('windows')) return { launcher: sampleProgram([9, 0, 0, 1]), agent }
  return { launcher: utf8(`#!/bin/sh\n# ${name}\n`), agent }
}

type Exec = { readonly at: number; readonly text: string }

/** `1234 1795358304.075479 execve("/usr/bin/sh", ...) = 0` */
function execsIn(trace: string): readonly Exec[] {
  return trace.split('\n').flatMap((line) => {
    const [, at, text] = /^\d+ +(\d+\.\d+) (.*exec.*)$/.exec(line) ?? []
    return at === undefined || text === undefined ? [] : [{ at: Number(at), text }]
  })
}

/** Not in every container. */
function canTrace(): boolean {
  const { status } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'])
  if (status !== 0) console.warn('skipped: ptrace is missing')
  return status === 0
}
