/** The upgrade script on an agent below a folder, in every shell that is here. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { utf8 } from '../../base/bytes.ts'
import { canChroot, Machine, nativeTarget } from '../linux/chroot.suite.ts'
import { type SampleOptions, sampleRelease } from '../sample.suite.ts'
import { writeSh } from '../sh/sh.ts'
import { writeUpgradeSh } from './upgrade-sh.ts'

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(([command = '']) =>
  needs(command),
)
const FIRST = SHELLS[0] ?? ['sh']
const OURS = 'a'.repeat(64)
const THEIRS = 'b'.repeat(64)

/** As the server writes it. */
function enrolment(server: string, key: string): Uint8Array {
  const installation = { server_url: server, trusted_keys: [{ key_id: key }] }
  return utf8(`${JSON.stringify(installation, null, 2)}\n`)
}

const OUR_ENROLMENT = enrolment('https://ours.example', OURS)

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-upgrade-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function released(version: string, options: SampleOptions = {}) {
  const spec = { target: nativeTarget, enrolment: OUR_ENROLMENT, ...options.spec }
  return sampleRelease({ ...options, version, spec })
}

function fileOf(bytes: Uint8Array): string {
  const file = join(mkdtempSync(join(folder, 'file-')), 'x.sh')
  writeFileSync(file, bytes)
  return file
}

function upgrader(version: string, options: SampleOptions = {}): string {
  const { spec, store } = released(version, options)
  return fileOf(store.assemble(writeUpgradeSh(spec)))
}

function run(shell: readonly string[], file: string, ...words: readonly string[]) {
  const [command = '', ...before] = shell
  const done = spawnSync(command, [...before, file, ...words], { encoding: 'utf8' })
  return { status: done.status, output: `${done.stdout}${done.stderr}` }
}

/** A root with an agent of version 1.0.0.0, whose launcher says that it runs `active`. */
function installed(options: { active?: string; enrolment?: Uint8Array; path?: string } = {}) {
  const root = mkdtempSync(join(folder, 'root with space-'))
  const { enrolment: own = OUR_ENROLMENT, active, path } = options
  const { spec, store } = released('1.0.0.0', { spec: { enrolment: own } })
  const words = path === undefined ? [] : ['--install-path', path]
  const done = run(FIRST, fileOf(store.assemble(writeSh(spec))), '--root', root, ...words)
  expect(done.output).toContain('installed')
  if (active !== undefined) {
    const state = join(root, 'var/lib/drydock-agent')
    mkdirSync(state, { recursive: true })
    const slot = { manifest_digest: OURS, version: active }
    writeFileSync(join(state, 'slots.json'), JSON.stringify({ schema: 1, active: slot }, null, 2))
  }
  const program = join(root, path ?? 'opt/drydock-agent')
  const read = (name: string) => readFileSync(join(program, name), 'utf8')
  return { root, program, read }
}

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))(
  'the upgrade script in %s',
  (_, shell) => {
    it('puts the version in place, and leaves all the rest as it was', () => {
      const { root, program, read } = installed({ active: '1.0.0.0' })
      const before = readdirSync(program)
      const launcher = statSync(join(program, 'drydock-agent')).ino
      const extraPaths = ['payload/new/über.txt']
      const done = run(shell, upgrader('2.0.0.0', { extraPaths }), '--root', root)
      expect(done).toMatchObject({ status: 0 })
      expect(read('seed/agent.mjs')).toBe('// agent 2.0.0.0\n')
      expect(read('seed/payload/new/über.txt')).toContain('content of')
      expect(readdirSync(program)).toEqual(before)
      expect(statSync(join(program, 'drydock-agent')).ino).toBe(launcher)
      expect(read('enrolment.json')).toBe(Buffer.from(OUR_ENROLMENT).toString())
      expect(statSync(join(program, 'enrolment.json')).mode & 0o777).toBe(0o600)
    })

    it('refuses an agent of another server, and takes it over with --rehome', () => {
      const theirs = enrolment('https://theirs.example', THEIRS)
      const { root, read, program } = installed({ active: '1.0.0.0', enrolment: theirs })
      const file = upgrader('2.0.0.0')
      const refused = run(shell, file, '--root', root)
      expect(refused.status).toBe(1)
      expect(refused.output).toMatch(/belongs to https:\/\/theirs\.example: --rehome/)
      expect(read('seed/agent.mjs')).toBe('// agent 1.0.0.0\n')
      expect(existsSync(join(program, '.upgrading'))).toBe(false)
      expect(run(shell, file, '--root', root, '--rehome')).toMatchObject({ status: 0 })
      expect(read('enrolment.json')).toBe(Buffer.from(OUR_ENROLMENT).toString())
      expect(statSync(join(program, 'enrolment.json')).mode & 0o777).toBe(0o600)
      expect(read('seed/agent.mjs')).toBe('// agent 2.0.0.0\n')
    })

    it.each([
      ['2.0.0.0', '2.0.0.0', 0, /has version 2\.0\.0\.0 already/],
      ['2.0.10.0', '2.0.9.0', 1, /has version 2\.0\.10\.0, which is newer than 2\.0\.9\.0/],
      ['2.0.9.0', '2.0.10.0', 0, /2\.0\.10\.0 lies in/],
    ] as const)('on %s says what becomes of %s', (active, version, status, output) => {
      const { root } = installed({ active })
      const done = run(shell, upgrader(version), '--root', root)
      expect(done.status).toBe(status)
      expect(done.output).toMatch(output)
    })
  },
)

describe('the upgrade script', () => {
  it('refuses politely where no agent is, and makes nothing', () => {
    const root = mkdtempSync(join(folder, 'empty-'))
    const done = run(FIRST, upgrader('2.0.0.0'), '--root', root)
    expect(done.status).toBe(4)
    expect(done.output).toMatch(/no Drydock agent is installed in .*standalone package/)
    expect(readdirSync(root)).toEqual([])
  })

  it('finds an agent that was installed elsewhere', () => {
    const { root, read } = installed({ active: '1.0.0.0', path: '/srv/agent' })
    expect(run(FIRST, upgrader('2.0.0.0'), '--root', root)).toMatchObject({ status: 0 })
    expect(read('seed/agent.mjs')).toBe('// agent 2.0.0.0\n')
  })

  it('refuses a machine that it has no build for', () => {
    const { root } = installed()
    const arch = nativeTarget.arch === 'x64' ? 'arm64' : 'x64'
    const file = upgrader('2.0.0.0', { spec: { target: { ...nativeTarget, arch } } })
    const done = run(FIRST, file, '--root', root)
    expect(done.status).toBe(1)
    expect(done.output).toMatch(/holds builds for linux-\S+, and this machine needs linux-/)
  })

  it('refuses a damaged or cut file, and the seed stays', () => {
    const { root, read, program } = installed({ active: '1.0.0.0' })
    const bytes = readFileSync(upgrader('2.0.0.0'))
    const cut = run(FIRST, fileOf(bytes.subarray(0, -1)), '--root', root)
    expect(cut.output).toMatch(/damaged or incomplete/)
    const { spec, store } = released('2.0.0.0')
    const [file, ...others] = spec.files
    if (file === undefined) throw new Error('a sample has files')
    const artifact = { ...file.artifact, digest: spec.launcher.digest }
    const other = store.assemble(
      writeUpgradeSh({ ...spec, files: [{ ...file, artifact }, ...others] }),
    )
    const damaged = run(FIRST, fileOf(other), '--root', root)
    expect(damaged.status).toBe(1)
    expect(damaged.output).toMatch(/is damaged/)
    expect(read('seed/agent.mjs')).toBe('// agent 1.0.0.0\n')
    expect(existsSync(join(program, '.upgrading'))).toBe(false)
  })

  it('takes over what a killed run left, and refuses beside a living one', () => {
    const { root, program, read } = installed({ active: '1.0.0.0' })
    const work = join(program, '.upgrading')
    mkdirSync(work)
    spawnSync('mv', [join(program, 'seed'), join(work, 'old-seed')])
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    writeFileSync(join(work, 'holder'), `${process.pid} ${boot}\n`)
    const file = upgrader('2.0.0.0')
    expect(run(FIRST, file, '--root', root).output).toMatch(/another upgrade is running/)
    writeFileSync(join(work, 'holder'), `4194304 ${boot}\n`)
    const damaged = upgrader('2.0.0.0', { spec: { enrolment: enrolment('x', THEIRS) } })
    expect(run(FIRST, damaged, '--root', root).status).toBe(1)
    expect(read('seed/agent.mjs')).toBe('// agent 1.0.0.0\n')
    expect(run(FIRST, file, '--root', root)).toMatchObject({ status: 0 })
    expect(read('seed/agent.mjs')).toBe('// agent 2.0.0.0\n')
  })

  it('does not touch a tree that another installer is working on', () => {
    const { root, program, read } = installed({ active: '1.0.0.0' })
    mkdirSync(join(program, '.installing'))
    const done = run(FIRST, upgrader('2.0.0.0'), '--root', root)
    expect(done.output).toMatch(/an installation is under way/)
    expect(read('seed/agent.mjs')).toBe('// agent 1.0.0.0\n')
  })

  it.each([
    [['--wrong'], 2, /unknown option '--wrong'/],
    [['--root'], 2, /needs a value/],
    [['--version'], 0, /^2\.0\.0\.0\n$/],
    [['--help'], 0, /--rehome/],
    [['--check'], 0, /this file is whole: 2\.0\.0\.0 for linux-/],
    [['--list'], 0, /seed\/agent\.mjs/],
  ] as const)('answers %j', (words, status, output) => {
    const done = run(FIRST, upgrader('2.0.0.0'), ...words)
    expect(done.status).toBe(status)
    expect(done.output).toMatch(output)
  })
})

describe('the upgrade script for Macs', () => {
  /** A Linux shell that believes it runs on a Mac: what the script asks its machine is answered. */
  function onMac(machine: string, root: string, version: string) {
    const target = (arch: 'x64' | 'arm64') => ({ platform: 'macos', arch, libc: 'none' }) as const
    const { spec, store } = released(version, { spec: { target: target('x64') } })
    const arm = store.add(utf8('// for arm64\n'))
    const { launcher, manifest } = spec
    const files = spec.files.map((file) =>
      file.path === 'agent.mjs' ? { ...file, artifact: arm } : file,
    )
    const otherBuilds = [{ launcher, manifest, files, target: target('arm64') }]
    const file = fileOf(store.assemble(writeUpgradeSh({ ...spec, otherBuilds })))
    const bin = mkdtempSync(join(folder, 'bin-'))
    const uname = `#!/bin/sh\ncase $1 in -s) echo Darwin ;; *) echo ${machine} ;; esac\n`
    writeFileSync(join(bin, 'uname'), uname, { mode: 0o755 })
    // The script looks into the system's own folders first, which have another answer.
    const text = readFileSync(file).toString('latin1')
    const asked = text.replaceAll('$(uname ', `$(${bin}/uname `)
    const longer = Buffer.byteLength(asked, 'latin1') - Buffer.byteLength(text, 'latin1')
    const moved = asked.replace(/^(script_size|archive_at)=(\d+) */gm, (_, name, value) =>
      `${name}=${Number(value) + longer}`.padEnd(String(name).length + 13),
    )
    writeFileSync(file, Buffer.from(moved, 'latin1'))
    return run(FIRST, file, '--root', root)
  }

  it.each([
    ['x86_64', '// agent 2.0.0.0\n'],
    ['arm64', '// for arm64\n'],
  ])('takes the build for %s, and reads the state where a Mac has it', (machine, agent) => {
    const { root, read } = installed()
    expect(onMac(machine, root, '2.0.0.0')).toMatchObject({ status: 0 })
    expect(read('seed/agent.mjs')).toBe(agent)
    const state = join(root, 'var/db/drydock-agent')
    mkdirSync(state, { recursive: true })
    writeFileSync(join(state, 'slots.json'), '{"active":{"version":"3.0.0.0"}}')
    expect(onMac(machine, root, '2.0.0.0').output).toMatch(/has version 3\.0\.0\.0, which is newer/)
  })
})

describe.skipIf(!canChroot())('on a machine with systemd (needs root, busybox-static)', () => {
  function bring(machine: Machine, name: string, bytes: Uint8Array): string {
    machine.write(`tmp/${name}`, bytes)
    chmodSync(dirname(machine.at(`tmp/${name}`)), 0o755)
    return `/tmp/${name}`
  }

  it('restarts the service where it runs, once', () => {
    using machine = new Machine('systemd')
    const { spec, store } = released('1.0.0.0')
    machine.run(['/bin/sh', bring(machine, 'install.sh', store.assemble(writeSh(spec)))])
    machine.calls()
    const file = bring(machine, 'upgrade.sh', readFileSync(upgrader('2.0.0.0')))
    expect(machine.run(['/bin/sh', file])).toMatchObject({ status: 0 })
    expect(machine.calls()).toEqual(['--no-block try-restart drydock-agent.service'])
    expect(machine.run(['/bin/sh', file, '--no-restart'])).toMatchObject({ status: 0 })
    expect(machine.calls()).toEqual([])
  })

  it('says that nothing restarts it where nothing does', () => {
    using machine = new Machine('none')
    const { spec, store } = released('1.0.0.0')
    machine.run([
      '/bin/sh',
      bring(machine, 'install.sh', store.assemble(writeSh(spec))),
      '--no-start',
    ])
    rmSync(machine.at('etc/init.d'), { recursive: true })
    const file = bring(machine, 'upgrade.sh', readFileSync(upgrader('2.0.0.0')))
    const done = machine.run(['/bin/sh', file])
    expect(done.status).toBe(3)
    expect(done.output).toMatch(/the service was not restarted/)
    expect(machine.read('opt/drydock-agent/seed/agent.mjs')).toBe('// agent 2.0.0.0\n')
  })
})
