/**
 * The installer below a folder, in every shell that is here: what the options give, and what is
 * refused.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { targetName } from '../../base/platform.ts'
import { nativeArch, nativeTarget } from '../linux/chroot.suite.ts'
import { LONG_PATHS, type SampleOptions, sampleRelease } from '../sample.suite.ts'
import { writeSh } from './sh.ts'

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(([command = '']) =>
  needs(command),
)

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-sh-'))
  chmodSync(folder, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function installer(options: SampleOptions = {}): string {
  const { spec, store } = sampleRelease({
    ...options,
    spec: { target: nativeTarget, ...options.spec },
  })
  const file = join(mkdtempSync(join(folder, 'sh-')), 'x.sh')
  writeFileSync(file, store.assemble(writeSh(spec)))
  chmodSync(dirname(file), 0o755)
  return file
}

/** One artifact has other bytes than the list of checksums says; the archive is sound for tar. */
function damagedInstaller(): string {
  const { spec, store } = sampleRelease({ spec: { target: nativeTarget } })
  const other = store.add(new Uint8Array())
  const files = spec.files.map((file) =>
    file.path === 'payload/empty'
      ? { ...file, artifact: { ...other, digest: spec.launcher.digest } }
      : file,
  )
  const file = installer()
  writeFileSync(file, store.assemble(writeSh({ ...spec, files })))
  return file
}

/** The installer as on a machine that lacks a tool: its name is changed to one that nobody has. */
function without(file: string, tool: string): string {
  const text = readFileSync(file).toString('latin1')
  writeFileSync(file, Buffer.from(text.replaceAll(tool, 'x'.repeat(tool.length)), 'latin1'))
  return file
}

const newRoot = () => mkdtempSync(join(folder, 'root with space-'))

function run(shell: readonly string[], file: string, ...words: readonly string[]) {
  const [command = '', ...before] = shell
  const done = spawnSync(command, [...before, file, ...words], { encoding: 'utf8' })
  return { status: done.status, output: `${done.stdout}${done.stderr}` }
}

const FIRST = SHELLS[0] ?? ['sh']
const configOf = (root: string) => readFileSync(join(root, 'etc/drydock-agent/agent.json'), 'utf8')

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('under %s', (_, shell) => {
  it('lays out the whole installation, and upgrades it', () => {
    const root = newRoot()
    const first = installer({ extraPaths: LONG_PATHS })
    expect(run(shell, first, '--root', root)).toMatchObject({ status: 0 })
    const at = (path: string) => join(root, path)
    const mode = (path: string) => (statSync(at(path)).mode & 0o7777).toString(8)
    expect(mode('opt/drydock-agent/drydock-agent')).toBe('755')
    expect(mode('opt/drydock-agent/enrolment.json')).toBe('600')
    expect(mode('opt/drydock-agent/seed/payload/bin/sensor')).toBe('755')
    expect(mode('etc/drydock-agent/agent.json')).toBe('644')
    expect(configOf(root)).toBe('{}\n')
    expect(readFileSync(at('opt/drydock-agent/installed-by'), 'utf8')).toBe('sh\n')
    expect(readlinkSync(at('usr/bin/drydock-agent'))).toBe('/opt/drydock-agent/drydock-agent')
    expect(existsSync(at('usr/lib/systemd/system/drydock-agent.service'))).toBe(true)
    for (const path of LONG_PATHS) {
      const read = readFileSync(at(`opt/drydock-agent/seed/${path}`), 'utf8')
      expect(read).toBe(`content of ${path}\n`)
    }

    mkdirSync(at('var/lib/drydock-agent'), { recursive: true })
    writeFileSync(at('var/lib/drydock-agent/identity.json'), 'mine')
    const edited = '{ "endpoint_tags" : ["by hand"] }\n'
    writeFileSync(at('etc/drydock-agent/agent.json'), edited)
    expect(run(shell, installer({ version: '1.2.3.5' }), '--root', root).status).toBe(0)
    expect(readFileSync(at('opt/drydock-agent/seed/agent.mjs'), 'utf8')).toBe('// agent 1.2.3.5\n')
    expect(existsSync(at(`opt/drydock-agent/seed/${LONG_PATHS[0]}`))).toBe(false)
    expect(readFileSync(at('var/lib/drydock-agent/identity.json'), 'utf8')).toBe('mine')
    expect(configOf(root)).toBe(edited)
    expect(readdirSync(at('opt/drydock-agent')).sort()).toEqual([
      'drydock-agent',
      'enrolment.json',
      'installed-by',
      'seed',
      'uninstall.sh',
    ])
  })

  it('takes the options of existing scripts', () => {
    const root = newRoot()
    const words = ['--', '--endpoint-tags', 'web,tag multi word2', '--proxy=h1:8080,[fe80::1]:3128']
    expect(run(shell, installer(), '--root', root, ...words)).toMatchObject({ status: 0 })
    expect(JSON.parse(configOf(root))).toEqual({
      proxy: ['h1:8080', '[fe80::1]:3128'],
      endpoint_tags: ['web', 'tag multi word2'],
    })
  })

  it.each([
    'a$(touch /tmp/evil)',
    '`id`',
    "it's",
    '*',
    '%s%n',
    '; rm -rf x',
    '$HOME',
    'ünïcödé 日本語 🚢',
    'a&b|c>d',
    '{"x":1}'.replaceAll('"', ''),
    '-n',
    '@VERSION@',
  ])('writes the tag %j as it is', (tag) => {
    const root = newRoot()
    expect(run(shell, installer(), '--root', root, `--endpoint-tags=${tag}`)).toMatchObject({
      status: 0,
    })
    expect(JSON.parse(configOf(root))).toEqual({ endpoint_tags: [tag] })
  })

  it.each([
    ['--endpoint-tags', 'a"b'],
    ['--endpoint-tags', 'a\\b'],
    ['--endpoint-tags', 'a\nb'],
    ['--endpoint-tags', 'a\u0085b'],
    ['--endpoint-tags', 'a\u007fb'],
    ['--endpoint-tags', 'a,,b'],
    ['--endpoint-tags', 'a,'],
    ['--endpoint-tags', '\u00a0\u3000'],
    ['--endpoint-tags', ' '],
    ['--endpoint-tags', ''],
    ['--endpoint-tags', 't'.repeat(129)],
    ['--endpoint-tags', Array(101).fill('t').join(',')],
    ['--proxy', 'h1'],
    ['--proxy', 'h1:'],
    ['--proxy', ':80'],
    ['--proxy', 'h1:0'],
    ['--proxy', 'h1:65536'],
    ['--proxy', 'h1:999999'],
    ['--proxy', 'http://h1:80'],
    ['--proxy', '-h1:80'],
    ['--proxy', 'h1.:80'],
    ['--proxy', 'u@h1:80'],
    ['--proxy', '[]:80'],
    ['--proxy', '[x]:80'],
    ['--proxy', 'h"1:80'],
    ['--proxy', 'a:1,b:1,c:1,d:1,e:1,f:1'],
    ['--install-path', 'relative'],
    ['--install-path', '/opt/../etc'],
    ['--install-path', '/opt/a b'],
    ['--install-path', '/opt//a'],
    ['--install-path', '/'],
    ['--install-path', '/opt/a|b'],
    ['--evil', 'x'],
    ['positional', 'x'],
  ])('refuses %s %j and changes nothing', (option, value) => {
    const root = newRoot()
    const { status, output } = run(shell, installer(), '--root', root, option, value)
    expect(status).toBe(2)
    expect(output).toMatch(/^drydock-agent: /)
    expect(readdirSync(root)).toEqual([])
  })

  it('refuses bytes that are no UTF-8', () => {
    const root = newRoot()
    const words = [...shell.slice(1), installer(), '--root', root, '--endpoint-tags'].map(
      (word) => `'${word}'`,
    )
    for (const bad of [
      '\\377',
      '\\300\\200',
      '\\355\\240\\200',
      '\\342\\202',
      '\\364\\220\\200\\200',
    ]) {
      const line = `${shell[0]} ${words.join(' ')} "$(printf 'a${bad}')"`
      expect([bad, spawnSync('sh', ['-c', line]).status]).toEqual([bad, 2])
    }
    expect(readdirSync(root)).toEqual([])
  })

  it('goes to the folder of --install-path, stays there, and is removed from there', () => {
    const root = newRoot()
    const path = '/srv/agents/dry.dock-1'
    expect(run(shell, installer(), '--root', root, '--install-path', path).status).toBe(0)
    expect(run(shell, installer({ version: '2.0.0.0' }), '--root', root).status).toBe(0)
    const seed = readFileSync(join(root, path, 'seed/agent.mjs'), 'utf8')
    expect(seed).toBe('// agent 2.0.0.0\n')
    const unit = readFileSync(join(root, 'usr/lib/systemd/system/drydock-agent.service'), 'utf8')
    expect(unit).toMatch(/ \/srv\/agents\/dry\.dock-1\/drydock-agent run$/m)
    expect(run(shell, installer(), '--root', root, '--install-path=/opt/other')).toMatchObject({
      status: 1,
      output: expect.stringMatching(/installed in \/srv\/agents\/dry\.dock-1: run uninstall\.sh/),
    })
    const uninstaller = join(root, path, 'uninstall.sh')
    expect(run(shell, uninstaller, '--root', root, '--purge').status).toBe(0)
    expect(spawnSync('find', [root, '!', '-type', 'd'], { encoding: 'utf8' }).stdout).toBe('')
    expect(existsSync(join(root, path))).toBe(false)
  })

  it('verifies itself with --check, and lists its files with --list', () => {
    const file = installer()
    expect(run(shell, file, '--check')).toMatchObject({ status: 0 })
    expect(run(shell, file, '--list').output).toMatch(/^program\/seed\/payload\/bin\/sensor$/m)
    expect(run(shell, file, '--version').output).toBe('1.2.3.4\n')
    expect(run(shell, file, '--help').output).toMatch(/--endpoint-tags/)
  })
})

describe('the installer refuses', () => {
  const refusals: readonly (readonly [string, () => string, RegExp])[] = [
    [
      'a build for another processor',
      () => {
        const arch = nativeArch === 'x64' ? 'arm64' : 'x64'
        return installer({ spec: { target: { platform: 'linux', arch, libc: 'glibc' } } })
      },
      /and this machine is /,
    ],
    [
      'a build for another C library',
      () => installer({ spec: { target: { ...nativeTarget, libc: 'musl' } } }),
      /whose C library is not here \(\/lib\/ld-musl-/,
    ],
    [
      'a file that was cut short',
      () => {
        const file = installer()
        writeFileSync(file, readFileSync(file).subarray(0, -1))
        return file
      },
      /damaged or incomplete: \d+ bytes instead of \d+/,
    ],
    [
      'more than the disk holds',
      () => {
        const file = installer()
        const bytes = readFileSync(file)
        const digits = /^needed_kib=(\d+)$/m.exec(bytes.toString('latin1'))?.[1] ?? ''
        const huge = '9'.repeat(15)
        const text = bytes.toString('latin1').replace(`needed_kib=${digits}`, `needed_kib=${huge}`)
        const grown = huge.length - digits.length
        const moved = text
          .replace(/^script_size=(\d+)/m, (_, n: string) => `script_size=${Number(n) + grown}`)
          .replace(/^archive_at=(\d+)/m, (_, n: string) => `archive_at=${Number(n) + grown}`)
        writeFileSync(file, Buffer.from(moved, 'latin1'))
        return file
      },
      /not enough space in .*: 9+ KiB are needed/,
    ],
  ]
  it.each(refusals)('%s', (_, make, message) => {
    const root = newRoot()
    const { status, output } = run(FIRST, make(), '--root', root)
    expect(output).toMatch(message)
    expect(status).toBe(1)
    expect(readdirSync(root)).toEqual([])
  })

  it('an artifact with other bytes, before anything has its final name', () => {
    const root = newRoot()
    const file = damagedInstaller()
    expect(run(FIRST, file, '--check').output).toMatch(/a file of the archive is damaged/)
    expect(run(FIRST, file, '--root', root).output).toMatch(/a file of the archive is damaged/)
    expect(existsSync(join(root, 'opt/drydock-agent'))).toBe(false)
  })

  it.skipIf(!needs('openssl'))('the same where only openssl is (needs openssl)', () => {
    expect(run(FIRST, without(installer(), 'sha256sum'), '--check')).toMatchObject({
      status: 0,
      output: 'drydock-agent: this file is whole: 1.2.3.4 for '.concat(
        targetName(nativeTarget),
        '\n',
      ),
    })
    expect(run(FIRST, without(damagedInstaller(), 'sha256sum'), '--check')).toMatchObject({
      status: 1,
      output: 'drydock-agent: program/seed/payload/empty of the archive is damaged\n',
    })
  })

  it('nothing, and says so, where no tool for SHA-256 is', () => {
    const bare = without(without(installer(), 'sha256sum'), 'openssl')
    const { status, output } = run(FIRST, bare, '--check')
    expect(output).toMatch(/no tool for SHA-256 is here/)
    expect(status).toBe(0)
  })

  it('to go on when a disk is full, and leaves the old installation whole', () => {
    const root = newRoot()
    expect(run(FIRST, installer(), '--root', root).status).toBe(0)
    const list = () => spawnSync('find', [root, '-printf', '%P %i\n'], { encoding: 'utf8' }).stdout
    const before = list()
    // A limit of file sizes, which cuts the archive's larger files as a full disk would.
    const line = 'ulimit -f 1; exec "$@"'
    const words = ['-c', line, 'sh', ...FIRST, installer({ version: '2.0.0.0' }), '--root', root]
    const done = spawnSync('sh', words, { encoding: 'utf8' })
    expect(done.stderr).toMatch(/could not be unpacked/)
    expect(done.status).toBe(1)
    expect(list()).toBe(before)
  })

  it('to come through a pipe', () => {
    const input = readFileSync(installer())
    const cwd = mkdtempSync(join(folder, 'empty-'))
    const done = spawnSync('sh', ['-s', '--', '--root', 'r'], { input, cwd, encoding: 'utf8' })
    expect(done.stderr).toMatch(/save this installer as a file/)
    expect(done.status).toBe(1)
  })

  it('an ordinary user without --root', () => {
    const file = installer()
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    const done = spawnSync('sh', [file], { encoding: 'utf8', ...user })
    expect(done.stderr).toBe('drydock-agent: must be run as root, or with --root DIR\n')
    expect(done.status).toBe(1)
  })

  it("a folder that a deb owns, and one with somebody else's files", () => {
    const root = newRoot()
    const program = join(root, 'opt/drydock-agent')
    mkdirSync(program, { recursive: true })
    writeFileSync(join(program, 'theirs'), '')
    expect(run(FIRST, installer(), '--root', root).output).toMatch(/holds something else/)
    writeFileSync(join(program, 'installed-by'), 'deb\n')
    expect(run(FIRST, installer(), '--root', root).output).toMatch(/belongs to a deb package/)
    expect(readdirSync(program).sort()).toEqual(['installed-by', 'theirs'])
  })
})

describe('agent.json', () => {
  it('keeps the list that is not given anew', () => {
    const root = newRoot()
    run(FIRST, installer(), '--root', root, '--proxy', 'a:1', '--endpoint-tags', 'x')
    run(FIRST, installer(), '--root', root, '--proxy', 'b:2,c:3')
    expect(JSON.parse(configOf(root))).toEqual({ proxy: ['b:2', 'c:3'], endpoint_tags: ['x'] })
    run(FIRST, installer(), '--root', root, '--endpoint-tags', 'y]')
    expect(JSON.parse(configOf(root))).toEqual({ proxy: ['b:2', 'c:3'], endpoint_tags: ['y]'] })
  })

  it('is not guessed at when somebody wrote it by hand', () => {
    const root = newRoot()
    run(FIRST, installer(), '--root', root)
    const file = join(root, 'etc/drydock-agent/agent.json')
    writeFileSync(file, '{"proxy":["a:1"]}')
    const refused = run(FIRST, installer({ version: '2.0.0.0' }), '--root', root, '--proxy', 'b:2')
    expect(refused.output).toMatch(/was written by hand/)
    expect(configOf(root)).toBe('{"proxy":["a:1"]}')
    const both = ['--proxy', 'b:2', '--endpoint-tags', 'x']
    expect(run(FIRST, installer(), '--root', root, ...both).status).toBe(0)
    expect(JSON.parse(configOf(root))).toEqual({ proxy: ['b:2'], endpoint_tags: ['x'] })
    expect(readFileSync(`${file}.old`, 'utf8')).toBe('{"proxy":["a:1"]}')
  })
})
