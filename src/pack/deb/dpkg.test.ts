/** The real dpkg judges: below a temporary root, where it runs the scripts with DPKG_ROOT. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
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
import { LONG_PATHS, type SampleOptions, sampleRelease } from '../sample.suite.ts'
import { debWriter, writeDeb } from './deb.ts'

const hasDpkg = needs('dpkg')
const hasLintian = needs('lintian')
const hasAr = needs('ar')

let folder = ''
let root = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-dpkg-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** dpkg wants `ldconfig` and the like on its path, where an ordinary user often has no sbin. */
const ENVIRONMENT = {
  ...process.env,
  LC_ALL: 'C',
  PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`,
}

function run(command: string, ...words: readonly string[]): string {
  const done = spawnSync(command, words, { encoding: 'utf8', env: ENVIRONMENT })
  if (done.error !== undefined) throw done.error
  if (done.status !== 0)
    throw new Error(`${command} ${words.join(' ')}: ${done.stdout}${done.stderr}`)
  return `${done.stdout}${done.stderr}`
}

/** A root whose dpkg believes libc6 to be there. */
function newRoot(): void {
  root = mkdtempSync(join(folder, 'root-'))
  put(
    'var/lib/dpkg/status',
    [
      'Package: libc6\nStatus: install ok installed\nMaintainer: x <x@example.com>',
      `Architecture: ${run('dpkg', '--print-architecture').trim()}`,
      'Version: 2.28-10\nDescription: a C library\n\n',
    ].join('\n'),
  )
  put('var/lib/dpkg/available', '')
  for (const name of ['updates', 'info', 'triggers']) {
    mkdirSync(join(root, 'var/lib/dpkg', name), { recursive: true })
  }
  put('var/log/keep', '')
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const at = (path: string) => join(root, path)
const text = (path: string) => readFileSync(at(path), 'utf8')
const mode = (path: string) => (statSync(at(path)).mode & 0o7777).toString(8)

function dpkg(...words: readonly string[]): string {
  // Nothing is forced about configuration files: a question would end in an error here.
  const force = ['--force-not-root', '--force-script-chrootless']
  return run('dpkg', `--root=${root}`, `--log=${root}/var/log/dpkg.log`, ...force, ...words)
}

function debFile(options: SampleOptions = {}): string {
  const native = run('dpkg', '--print-architecture').trim() === 'arm64' ? 'arm64' : 'x64'
  const { spec, store } = sampleRelease({
    ...options,
    spec: { target: { platform: 'linux', arch: native, libc: 'glibc' }, ...options.spec },
  })
  const file = join(mkdtempSync(join(folder, 'deb-')), debWriter.fileName(spec))
  writeFileSync(file, store.assemble(writeDeb(spec)))
  return file
}

const WANTS = 'etc/systemd/system/multi-user.target.wants/drydock-agent.service'

describe.skipIf(!hasDpkg)('a deb in the hands of dpkg (needs dpkg)', () => {
  it('is described as it was made', () => {
    const file = debFile()
    expect(run('dpkg-deb', '--info', file)).toMatch(/new Debian package, version 2\.0/)
    expect(run('dpkg-deb', '--field', file, 'Package', 'Version', 'Depends')).toBe(
      'Package: drydock-agent\nVersion: 1.2.3.4\nDepends: libc6 (>= 2.17)\n',
    )
    expect(run('dpkg-deb', '--contents', file)).toMatch(
      /-rw------- root\/root +\d+ 2025-10-09 \S+ \.\/opt\/drydock-agent\/enrolment\.json/,
    )
  })

  it('unpacks long and foreign paths whole', () => {
    const file = debFile({ extraPaths: LONG_PATHS })
    const out = mkdtempSync(join(folder, 'x-'))
    run('dpkg-deb', '--extract', file, out)
    for (const path of LONG_PATHS) {
      const read = readFileSync(join(out, 'opt/drydock-agent/seed', path), 'utf8')
      expect(read).toBe(`content of ${path}\n`)
    }
    run('sh', '-c', `cd '${out}' && dpkg-deb --ctrl-tarfile '${file}' | tar -xf - ./md5sums`)
    expect(run('sh', '-c', `cd '${out}' && md5sum --quiet -c md5sums`)).toBe('')
  })

  it('installs the whole layout, enabled and with nothing started', () => {
    newRoot()
    dpkg('--install', debFile())
    expect(mode('opt/drydock-agent/drydock-agent')).toBe('755')
    expect(mode('opt/drydock-agent/enrolment.json')).toBe('600')
    expect(mode('etc/drydock-agent/agent.json')).toBe('644')
    expect(text('etc/drydock-agent/agent.json')).toBe('{}\n')
    expect(text('opt/drydock-agent/installed-by')).toBe('deb\n')
    expect(text('opt/drydock-agent/seed/agent.mjs')).toBe('// agent 1.2.3.4\n')
    expect(mode('opt/drydock-agent/seed/payload/bin/sensor')).toBe('755')
    expect(readlinkSync(at('usr/bin/drydock-agent'))).toBe('/opt/drydock-agent/drydock-agent')
    expect(readlinkSync(at(WANTS))).toBe('/usr/lib/systemd/system/drydock-agent.service')
    expect(run('dpkg', `--root=${root}`, '--verify', 'drydock-agent')).toBe('')
  })

  it('upgrades: state and a changed agent.json stay, the seed and the enrolment are new', () => {
    newRoot()
    dpkg('--install', debFile({ extraPaths: ['payload/old-only'] }))
    put('var/lib/drydock-agent/identity.json', 'mine')
    put('etc/drydock-agent/agent.json', '{"endpoint_tags":["a"]}\n')
    rmSync(at(WANTS))
    const enrolment = new TextEncoder().encode('{"another":"distribution"}')
    dpkg('--install', debFile({ version: '1.2.3.5', spec: { enrolment } }))
    expect(text('var/lib/drydock-agent/identity.json')).toBe('mine')
    expect(text('etc/drydock-agent/agent.json')).toBe('{"endpoint_tags":["a"]}\n')
    expect(readdirSync(at('etc/drydock-agent'))).toEqual(['agent.json'])
    expect(text('opt/drydock-agent/seed/agent.mjs')).toBe('// agent 1.2.3.5\n')
    expect(text('opt/drydock-agent/enrolment.json')).toBe('{"another":"distribution"}')
    expect(existsSync(at('opt/drydock-agent/seed/payload/old-only'))).toBe(false)
    expect(existsSync(at(WANTS))).toBe(false)
  })

  it('removes the program and keeps state and configuration; purge removes everything', () => {
    newRoot()
    const file = debFile()
    dpkg('--install', file)
    put('var/lib/drydock-agent/versions/x/agent.mjs', 'x')
    dpkg('--remove', 'drydock-agent')
    expect(existsSync(at('opt/drydock-agent'))).toBe(false)
    expect(text('var/lib/drydock-agent/versions/x/agent.mjs')).toBe('x')
    expect(text('etc/drydock-agent/agent.json')).toBe('{}\n')
    dpkg('--install', file)
    expect(existsSync(at('opt/drydock-agent/drydock-agent'))).toBe(true)
    put('opt/drydock-agent/left-behind', 'x')
    dpkg('--purge', 'drydock-agent')
    const left = run('find', root, '-name', '*drydock*')
      .split('\n')
      .filter((line) => line !== '')
    expect(left).toEqual([])
    expect(existsSync(at('var/log/keep'))).toBe(true)
  })

  it('leaves a disabled service disabled when it is removed and installed again', () => {
    newRoot()
    dpkg('--install', debFile())
    rmSync(at(WANTS))
    dpkg('--remove', 'drydock-agent')
    dpkg('--install', debFile())
    expect(() => lstatSync(at(WANTS))).toThrow(/ENOENT/)
  })

  it('takes over from a self-extracting installer', () => {
    newRoot()
    put('opt/drydock-agent/uninstall.sh', '#!/bin/sh\n')
    put('opt/drydock-agent/installed-by', 'sh\n')
    put('opt/drydock-agent/.installing/rest', '')
    put('etc/init.d/drydock-agent', '')
    dpkg('--install', debFile())
    expect(text('opt/drydock-agent/installed-by')).toBe('deb\n')
    for (const gone of ['uninstall.sh', '.installing']) {
      expect(existsSync(at(`opt/drydock-agent/${gone}`))).toBe(false)
    }
    expect(existsSync(at('etc/init.d/drydock-agent'))).toBe(false)
  })

  it('is configured again after an interruption', () => {
    newRoot()
    const file = debFile()
    dpkg('--unpack', file)
    dpkg('--unpack', file)
    dpkg('--configure', 'drydock-agent')
    expect(
      run(
        'dpkg-query',
        `--admindir=${root}/var/lib/dpkg`,
        '-W',
        '-f',
        '${Status}',
        'drydock-agent',
      ),
    ).toBe('install ok installed')
  })

  it.skipIf(!hasAr)('is an archive to ar (needs ar)', () => {
    expect(run('ar', 't', debFile())).toBe('debian-binary\ncontrol.tar.gz\ndata.tar.gz\n')
  })

  // lintian judges packages of Debian itself. A vendor's package lies in /opt, keeps a secret in a
  // 0600 file, and calls systemctl by itself, because deb-systemd-helper of Debian 10 does not look
  // in /usr/lib.
  const FOREIGN = [
    'dir-or-file-in-opt',
    'no-changelog',
    'no-manual-page',
    'non-standard-file-perm',
    'maintainer-script-calls-systemctl',
    'command-with-path-in-maintainer-script',
  ]
  it.skipIf(!hasLintian)(
    'gives lintian nothing to say but what a vendor in /opt must hear (needs lintian)',
    () => {
      const file = debFile()
      chmodSync(dirname(file), 0o755)
      chmodSync(folder, 0o755)
      const done = spawnSync('lintian', ['--allow-root', '--fail-on=none', file], {
        encoding: 'utf8',
      })
      const tags = done.stdout
        .split('\n')
        .flatMap((line) => /^[EWI]: \S+: (\S+)/.exec(line)?.[1] ?? [])
        .filter((tag) => !FOREIGN.includes(tag))
      expect(tags, done.stdout).toEqual([])
    },
  )
})
