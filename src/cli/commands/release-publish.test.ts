import { writeFileSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import { type FakeCalls, refusal } from '../../client/testing/fake-server.ts'
import type { PublishReleaseRequest, ReleaseObject } from '../../contract/public/releases.ts'
import { startTestCli, type TestCli } from '../testing/terminal.ts'

const LAUNCHER = digestOf('launcher')
const AGENT = digestOf('agent')
const WORDS = ['release', 'publish', '--version', '8.6.0.2', '--platform', 'linux', '--arch', 'x64']

type Recorder = { published: PublishReleaseRequest | null; readonly calls: FakeCalls }

/** Lacks everything but what is in `stored`. */
function recorder(stored: readonly string[] = [], more: FakeCalls = {}): Recorder {
  const recorded: Recorder = {
    published: null,
    calls: {
      'releases/list': () => listed([release('8.6.0.9', {}), release('8.6.0.10', {})]),
      'releases/missing_artifacts': ({ digests }) => ({
        missing: digests.filter((digest) => !stored.includes(digest)),
      }),
      'releases/publish': (request) => {
        recorded.published = request
        return { manifest_digest: digestOf('m'), version: request.version, is_new: true }
      },
      ...more,
    },
  }
  return recorded
}

function release(version: string, more: Partial<ReleaseObject>): ReleaseObject {
  return {
    ...{ manifest_digest: digestOf(version), version, platform: 'linux', arch: 'x64' },
    ...{ libc: 'glibc', notes: null, published_at: 0, published_by: 'x', withdrawn_at: null },
    ...{ withdrawn_by: null, withdrawn_reason: null },
    floors: { os_version: null, kernel: null, agent_version: null },
    launcher: digestOf(`launcher ${version}`),
    files: [{ path: 'agent.mjs', digest: digestOf(`agent ${version}`), executable: false }],
    payload: null,
    ...more,
  }
}

function listed(releases: readonly ReleaseObject[]) {
  const count = releases.length
  return { releases: [...releases], filter_count: count, total_count: count }
}

async function fill(
  folder: string,
  files: Readonly<Record<string, string>>,
  executable: readonly string[] = [],
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text, { mode: 0o644 })
  }
  for (const path of executable) await chmod(join(folder, path), 0o755)
  return folder
}

async function agentOf(cli: TestCli): Promise<string> {
  const files = { 'drydock-agent': 'launcher', 'agent.mjs': 'agent' }
  return fill(join(cli.folder, 'agent'), files)
}

async function payloadOf(cli: TestCli): Promise<string> {
  const files = { 'bin/x': 'program', 'etc/x.conf': 'same', 'etc/copy.conf': 'same' }
  return fill(join(cli.folder, 'payload'), files, ['bin/x'])
}

describe('release publish', () => {
  it('sends what the server lacks, each digest once, and publishes the files sorted', async () => {
    const recorded = recorder([AGENT])
    await using cli = await startTestCli(recorded.calls)
    const program = ['--payload', await payloadOf(cli), '--run', `./bin/x --name 'a b'`]
    const checks = ['--health', 'bin/x --check', '--health-interval', '5', '--stop-timeout', '0']
    const agent = ['--agent', await agentOf(cli), '--notes', 'first']
    const told = await cli.run(...WORDS, ...program, ...checks, ...agent)
    expect(told).toEqual({
      code: 0,
      stdout: 'Published 8.6.0.2 for linux-x64: 3 files sent, 19 B.\n',
      stderr: '',
    })
    expect([...cli.artifacts.values()].map(String).toSorted()).toEqual([
      'launcher',
      'program',
      'same',
    ])
    const same = { digest: digestOf('same'), executable: false }
    expect(recorded.published).toEqual({
      version: '8.6.0.2',
      platform: 'linux',
      arch: 'x64',
      libc: 'glibc',
      notes: 'first',
      launcher: LAUNCHER,
      files: [
        { path: 'agent.mjs', digest: AGENT, executable: false },
        { path: 'payload/bin/x', digest: digestOf('program'), executable: true },
        { path: 'payload/etc/copy.conf', ...same },
        { path: 'payload/etc/x.conf', ...same },
      ],
      payload: {
        run: ['bin/x', '--name', 'a b'],
        health: ['bin/x', '--check'],
        health_interval_s: 5,
        health_timeout_s: 10,
        stop_timeout_s: 0,
      },
    })
  })

  it('takes the agent of the newest release of the target again', async () => {
    const others = [
      release('9.0.0.1', { withdrawn_at: 1 }),
      release('9.0.0.2', { libc: 'musl' }),
      release('9.0.0.3', { arch: 'arm64' }),
    ]
    const releases = [release('8.6.0.9', {}), release('8.6.0.10', {}), ...others]
    const stored = ['launcher 8.6.0.10', 'agent 8.6.0.10'].map(digestOf)
    const recorded = recorder(stored, { 'releases/list': () => listed(releases) })
    await using cli = await startTestCli(recorded.calls)
    expect((await cli.run(...WORDS)).code).toBe(0)
    expect(recorded.published).toMatchObject({
      launcher: digestOf('launcher 8.6.0.10'),
      files: [{ path: 'agent.mjs', digest: digestOf('agent 8.6.0.10') }],
      payload: null,
    })
  })

  it('says on what it may be installed, and refuses what is no floor', async () => {
    const recorded = recorder(['launcher 8.6.0.10', 'agent 8.6.0.10'].map(digestOf))
    await using cli = await startTestCli(recorded.calls)
    await cli.run(...WORDS, '--floor-os', '12', '--floor-agent', '8.6.0.1')
    expect(recorded.published?.floors).toEqual({ os_version: '12', agent_version: '8.6.0.1' })
    const wrong = await cli.run(...WORDS, '--floor-kernel', 'new')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('numbers joined')])
  })

  it('says so when there is no agent to take again', async () => {
    await using cli = await startTestCli(recorder().calls)
    const told = await cli.run(...WORDS, '--libc', 'musl')
    expect(told.code).toBe(1)
    expect(told.stderr).toContain('no release for linux-x64-musl to take the agent from')
  })

  it('follows links inside the payload, and notes empty folders', async () => {
    const recorded = recorder()
    await using cli = await startTestCli(recorded.calls)
    const payload = await payloadOf(cli)
    await symlink('bin', join(payload, 'sbin'))
    await symlink('x', join(payload, 'bin/y'))
    await mkdir(join(payload, 'var'))
    const agent = ['--agent', await agentOf(cli)]
    const told = await cli.run(...WORDS, ...agent, '--payload', payload, '--run', 'sbin/y')
    expect(told).toMatchObject({
      code: 0,
      stderr: 'Note: a release has no empty folders; left out: var\n',
    })
    const paths = recorded.published?.files.map(({ path }) => path.replace('payload/', ''))
    expect(paths).toEqual([
      ...['agent.mjs', 'bin/x', 'bin/y', 'etc/copy.conf', 'etc/x.conf', 'sbin/x', 'sbin/y'],
    ])
  })

  it('tells of a release that was there before', async () => {
    const recorded = recorder([], {
      'releases/publish': ({ version }) => ({
        ...{ manifest_digest: digestOf('m'), version, is_new: false },
      }),
    })
    await using cli = await startTestCli(recorded.calls)
    const told = await cli.run(...WORDS, '--agent', await agentOf(cli))
    expect(told.stdout).toBe('8.6.0.2 for linux-x64 was there before, with these very files.\n')
  })

  it('ends with 5 when the server refuses', async () => {
    const code = 'version-exists-with-other-content'
    const no = refusal(500, code, 'version 8.6.0.2 is published with other content')
    await using cli = await startTestCli(recorder([], { 'releases/publish': () => no }).calls)
    const told = await cli.run(...WORDS, '--agent', await agentOf(cli), '--json')
    expect(told.code).toBe(5)
    expect(JSON.parse(told.stdout).error.reason).toBe(code)
  })
})

describe('release publish finds everything wrong before it sends anything:', () => {
  type Case = readonly [string, (payload: string) => Promise<unknown> | string[], string]
  const run = (line: string) => ['--run', line]
  const cases: Case[] = [
    [
      'a program that is not there',
      () => run('bin/z'),
      'not in the payload. Did you mean "bin/x"?',
    ],
    ['a program elsewhere', () => run('/usr/bin/x'), 'must be a file of the payload'],
    ['a file that is no program', () => run('etc/x.conf'), 'is not executable in the payload'],
    ['a quote without its end', () => run(`bin/x 'a`), 'a single quote is never closed'],
    ['an empty word', () => run(`bin/x ''`), 'an empty word'],
    ['no program', () => run(' '), '--run names no program'],
    ['a link out', (payload) => symlink('/etc', join(payload, 'out')), 'out: a symbolic link that'],
    [
      'a link to nothing',
      (payload) => symlink('gone', join(payload, 'l')),
      'l: a symbolic link to',
    ],
    ['a loop', (payload) => symlink('..', join(payload, 'bin/up')), 'bin/up: a symbolic link to a'],
    ['two names that differ in case', (p) => writeFile(join(p, 'bin/X'), ''), 'the same on some'],
    ['a name with a backslash', (p) => writeFile(join(p, 'a\\b'), ''), 'does not mean the same'],
    ['a path too long', (p) => writeFile(join(p, 'n'.repeat(201)), ''), 'does not mean the same'],
  ]
  it.each(cases)('%s', async (_case, arrange, text) => {
    await using cli = await startTestCli(recorder().calls)
    const payload = await payloadOf(cli)
    const words = await arrange(payload)
    const line = Array.isArray(words) ? words : run('bin/x')
    const agent = ['--agent', await agentOf(cli)]
    const told = await cli.run(...WORDS, ...agent, '--payload', payload, ...line)
    expect(told).toMatchObject({ code: 2, stdout: '' })
    expect(told.stderr).toContain(text)
    expect(cli.seen).toEqual([])
  })

  it('a socket', async () => {
    await using cli = await startTestCli(recorder().calls)
    const payload = await payloadOf(cli)
    const server = createServer().listen(join(payload, 'bin/socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    const told = await cli.run(...WORDS, '--payload', payload, '--run', 'bin/x')
    server.close()
    expect(told.code).toBe(2)
    expect(told.stderr).toContain('bin/socket: a socket')
  })

  it('more files than a manifest can list', async () => {
    await using cli = await startTestCli(recorder().calls)
    const payload = await payloadOf(cli)
    // A quotation mark takes two bytes in JSON.
    const names = Array.from({ length: 7500 }, (_, index) => `${index}`.padEnd(190, '"'))
    for (const name of names) writeFileSync(join(payload, name), '')
    const agent = ['--agent', await agentOf(cli)]
    const told = await cli.run(...WORDS, ...agent, '--payload', payload, '--run', 'bin/x')
    expect(told.code).toBe(2)
    expect(told.stderr).toContain('A release cannot list 7504 files with such long paths')
    expect(cli.seen).toEqual([])
  })

  it.each([
    ['a version that is none', ['--version', '8.6'], 'four numbers joined by dots'],
    ['an unknown arch', ['--arch', 'x86'], '--arch is one of x64, arm64, not "x86".'],
    ['a C library where there is no choice', ['--platform', 'windows', '--libc', 'musl'], '--libc'],
    ['a program without a payload', ['--run', 'x'], '--run says nothing without --payload DIR.'],
    ['a payload without a program', ['--payload', '/'], '--payload needs --run LINE'],
    ['a payload that is not there', ['--payload', '/no', '--run', 'x'], 'names no folder: /no'],
    ['an agent that is not there', ['--agent', '/no'], '--agent /no has no drydock-agent.'],
  ])('%s', async (_case, words, text) => {
    await using cli = await startTestCli(recorder().calls)
    const given = new Map([
      ['--version', '8.6.0.2'],
      ['--platform', 'linux'],
      ['--arch', 'x64'],
    ])
    for (let at = 0; at < words.length; at += 2) given.set(words[at] ?? '', words[at + 1] ?? '')
    const told = await cli.run('release', 'publish', ...[...given].flat())
    expect(told.code).toBe(2)
    expect(told.stderr).toContain(text)
    expect(cli.seen).toEqual([])
  })
})

describe('release publish of an agent for another target', () => {
  it('sends nothing, and says whose it is', async () => {
    await using cli = await startTestCli(recorder().calls)
    const folder = await agentOf(cli)
    const macho = Buffer.alloc(256)
    macho.writeUInt32LE(0xfeed_facf, 0)
    macho.writeUInt32LE(0x0100_000c, 4)
    await writeFile(join(folder, 'drydock-agent'), macho)
    const told = await cli.run(...WORDS, '--agent', folder)
    expect(told.code).toBe(2)
    const sentence = `${folder} is for macos-arm64, not for linux-x64: its drydock-agent is.`
    expect(told.stderr).toContain(sentence)
    expect(cli.seen).toEqual([])
  })

  it('names the folder of a Mac as the build does', async () => {
    await using cli = await startTestCli(recorder().calls)
    const words = ['--version', '1.2.3.4', '--platform', 'macos', '--arch', 'arm64']
    const told = await cli.run('release', 'publish', ...words, '--agent', '/no')
    expect(told.stderr).toContain('build/agent/darwin-arm64')
  })
})

describe('release list', () => {
  it('is a table', async () => {
    const payload = {
      ...{ run: ['bin/x', '--flag'], health: null, health_interval_s: 30 },
      ...{ health_timeout_s: 10, stop_timeout_s: 10 },
    }
    const releases = [
      release('8.6.0.1', {}),
      release('8.6.0.2', { libc: 'musl', notes: 'two\nlines', payload, withdrawn_at: 60_000 }),
    ]
    await using cli = await startTestCli({ 'releases/list': () => listed(releases) })
    expect((await cli.run('release', 'list')).stdout).toBe(
      [
        'VERSION  TARGET          PAYLOAD       PUBLISHED             NOTES',
        '8.6.0.1  linux-x64       none          1970-01-01 00:00 UTC',
        '8.6.0.2  linux-x64-musl  bin/x --flag  1970-01-01 00:00 UTC  ' +
          'withdrawn 1970-01-01 00:01 UTC; two',
        '',
      ].join('\n'),
    )
  })
})
