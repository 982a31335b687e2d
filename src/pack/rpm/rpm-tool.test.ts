/** The real rpm judges: it installs into a machine in a folder, whose scripts it runs by chroot. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { systemClock } from '../../base/clock.ts'
import { canChroot, Machine, nativeTarget } from '../linux/chroot.suite.ts'
import { LONG_PATHS, type SampleOptions, sampleNeeds, sampleRelease } from '../sample.suite.ts'
import { openRpm } from './read-rpm.suite.ts'
import { rpmWriter } from './rpm.ts'

const hasRpm = needs('rpm')
const hasMachine = hasRpm && canChroot()

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-rpm-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ENVIRONMENT = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' }

function run(command: string, ...words: readonly string[]): string {
  const done = spawnSync(command, words, { encoding: 'utf8', env: ENVIRONMENT })
  if (done.error !== undefined) throw done.error
  if (done.status !== 0) {
    throw new Error(`${command} ${words.join(' ')}: ${done.stdout}${done.stderr}`)
  }
  return done.stdout
}

async function rpmFile(options: SampleOptions = {}): Promise<string> {
  const { spec, store } = sampleRelease({
    ...options,
    spec: { target: nativeTarget, ...options.spec },
  })
  const file = join(mkdtempSync(join(folder, 'rpm-')), rpmWriter.fileName(spec))
  writeFileSync(file, store.assemble(await rpmWriter.write(spec, sampleNeeds(store))))
  return file
}

describe.skipIf(!hasRpm)('an rpm in the hands of rpm (needs rpm)', () => {
  it('is whole: every digest fits', async () => {
    const file = await rpmFile()
    const said = spawnSync('rpm', ['-Kv', file], { encoding: 'utf8', env: ENVIRONMENT }).stdout
    expect(said.split('\n').slice(1, -1)).toEqual([
      '    Header V4 RSA/SHA256 Signature, key ID abababab: NOKEY',
      '    Header SHA256 digest: OK',
      '    Header SHA1 digest: OK',
      '    Payload SHA256 digest: OK',
    ])
    expect(run('rpm', '-K', '--nosignature', file)).toMatch(/: digests OK\n$/)
  })

  it('is refused when one byte of its header or payload is another', async () => {
    const file = await rpmFile()
    const good = readFileSync(file)
    const { header, payload } = openRpm(good)
    const begin = good.length - payload.length - header.bytes.length
    for (let at = begin; at < good.length; at += Math.floor(good.length / 40)) {
      const bad = Buffer.from(good)
      bad.writeUInt8(bad.readUInt8(at) ^ 0x10, at)
      writeFileSync(file, bad)
      const { status } = spawnSync('rpm', ['-K', '--nosignature', file], { encoding: 'utf8' })
      expect([at, status]).toEqual([at, 1])
    }
  })

  it('is described as it was made', async () => {
    const file = await rpmFile()
    const query = (...words: readonly string[]) =>
      run('rpm', '-qp', '--nosignature', ...words, file)
    const format =
      '%{NEVRA}|%{VENDOR}|%{LICENSE}|%{GROUP}|%{URL}|%{BUILDTIME}|%{BUILDHOST}|%{SIZE}\n'
    const arch = nativeTarget.arch === 'x64' ? 'x86_64' : 'aarch64'
    expect(query('--qf', format)).toBe(
      `drydock-agent-1.2.3.4-1.${arch}|Drydock|Apache-2.0|System Environment/Daemons|` +
        'https://drydock.example/|1760000000|drydock|3877\n',
    )
    expect(query('--changelog')).toMatch(/^\* Thu Oct 09 2025 Drydock .* - 1\.2\.3\.4-1\n- Version/)
    expect(query('--requires').split('\n').slice(0, 3)).toEqual([
      '/bin/sh',
      'coreutils',
      'libc.so.6(GLIBC_2.17)(64bit)',
    ])
    expect(query('--scripts').match(/^\w+ scriptlet \(using \/bin\/sh\):$/gm)).toHaveLength(5)
    expect(query('--configfiles')).toBe('/etc/drydock-agent/agent.json\n')
    expect(query('--licensefiles')).toBe('/usr/share/licenses/drydock-agent/NOTICE\n')
    expect(query('-lv')).toMatch(/^-rw------- .* \/opt\/drydock-agent\/enrolment\.json$/m)
  })

  it.skipIf(!needs('rpm2cpio', 'cpio'))(
    'unpacks long and foreign paths whole (needs rpm2cpio, cpio)',
    async () => {
      const file = await rpmFile({ extraPaths: LONG_PATHS })
      const out = mkdtempSync(join(folder, 'x-'))
      run('sh', '-c', `cd '${out}' && rpm2cpio '${file}' | cpio --quiet -idm`)
      for (const path of LONG_PATHS) {
        const read = readFileSync(join(out, 'opt/drydock-agent/seed', path), 'utf8')
        expect(read).toBe(`content of ${path}\n`)
      }
    },
  )

  it.skipIf(!needs('bsdtar'))('is an archive to bsdtar (needs bsdtar)', async () => {
    const file = await rpmFile()
    const listed = run('bsdtar', '-tf', file).split('\n').slice(0, -1)
    const files = run('rpm', '-qlp', '--nosignature', file).split('\n').slice(0, -1)
    expect(listed.map((path) => path.replace(/^\.\//, '/')).toSorted()).toEqual(files.toSorted())
  })

  // rpmlint judges packages of a distribution. A vendor's package lies in /opt, keeps a secret in a
  // 0600 file, and has scripts of its own; the sample's programs are scripts, and one is empty.
  const FOREIGN = [
    'dir-or-file-in-opt',
    'non-readable',
    'symlink-should-be-relative',
    'no-manual-page-for-binary',
    'no-documentation',
    'invalid-license',
    'only-non-binary-in-usr-lib',
    'dangerous-command-in-%preun',
    'dangerous-command-in-%post',
    'dangerous-command-in-%postun',
    'no-binary',
    'zero-length',
    // Nobody has the key of a sample.
    'unknown-key',
  ]
  it.skipIf(!needs('rpmlint'))(
    'gives rpmlint nothing to say but what a vendor in /opt must hear (needs rpmlint)',
    async () => {
      const file = await rpmFile()
      const done = spawnSync('rpmlint', [file], { encoding: 'utf8', env: ENVIRONMENT })
      expect(done.stdout).toMatch(/1 packages and 0 specfiles checked/)
      const tags = [...done.stdout.matchAll(/^\S+: [EW]: (\S+)/gm)].map(([, tag]) => tag ?? '')
      expect(
        tags.filter((tag) => !FOREIGN.includes(tag)),
        done.stdout,
      ).toEqual([])
    },
  )
})

const UNIT = 'drydock-agent.service'
const CONFIG = 'etc/drydock-agent/agent.json'

/** Its database would otherwise lie in the caller's home. Nothing else is installed there. */
function database(machine: Machine): readonly string[] {
  return ['--root', machine.root, '--dbpath', '/var/lib/rpm', '--nodeps']
}

function rpm(machine: Machine, ...words: readonly string[]): void {
  run('rpm', ...database(machine), ...words)
}

describe.skipIf(!hasMachine)('a machine with rpm (needs rpm, root, busybox-static)', () => {
  it('has the whole layout, enabled and started', async () => {
    using machine = new Machine('systemd')
    rpm(machine, '--install', await rpmFile())
    expect(machine.calls()).toEqual([
      `--quiet enable ${UNIT}`,
      'daemon-reload',
      `--quiet is-enabled ${UNIT}`,
      `--no-block restart ${UNIT}`,
    ])
    expect(machine.read(CONFIG)).toBe('{}\n')
    expect(machine.read('opt/drydock-agent/installed-by')).toBe('rpm\n')
    expect(machine.read('opt/drydock-agent/seed/agent.mjs')).toBe('// agent 1.2.3.4\n')
    expect(machine.run(['/usr/bin/drydock-agent'])).toMatchObject({
      output: 'launcher of /usr/bin/drydock-agent\n',
    })
    rpm(machine, '--verify', 'drydock-agent')
  })

  it('upgrades: state and a changed agent.json stay, the seed and the enrolment are new', async () => {
    using machine = new Machine('systemd')
    rpm(machine, '--install', await rpmFile({ extraPaths: ['payload/old-only'] }))
    machine.write('var/lib/drydock-agent/identity.json', 'mine')
    machine.write(CONFIG, '{"endpoint_tags":["a"]}\n')
    machine.calls()
    const enrolment = new TextEncoder().encode('{"another":"distribution"}')
    rpm(machine, '--upgrade', await rpmFile({ version: '1.2.3.5', spec: { enrolment } }))
    expect(machine.calls()).toEqual([
      'daemon-reload',
      `--quiet is-enabled ${UNIT}`,
      `--no-block restart ${UNIT}`,
    ])
    expect(machine.read('var/lib/drydock-agent/identity.json')).toBe('mine')
    expect(machine.read(CONFIG)).toBe('{"endpoint_tags":["a"]}\n')
    expect(readdirSync(machine.at('etc/drydock-agent'))).toEqual(['agent.json'])
    expect(machine.read('opt/drydock-agent/seed/agent.mjs')).toBe('// agent 1.2.3.5\n')
    expect(machine.read('opt/drydock-agent/enrolment.json')).toBe('{"another":"distribution"}')
    expect(machine.has('opt/drydock-agent/seed/payload/old-only')).toBe(false)
  })

  it('stays what it is when it is installed over itself', async () => {
    using machine = new Machine('systemd')
    const file = await rpmFile()
    rpm(machine, '--install', file)
    machine.write(CONFIG, '{"endpoint_tags":["a"]}\n')
    machine.write('opt/drydock-agent/seed/agent.mjs', 'damaged')
    rpm(machine, '--reinstall', file)
    expect(machine.has('enabled')).toBe(true)
    expect(machine.read(CONFIG)).toBe('{"endpoint_tags":["a"]}\n')
    expect(machine.read('opt/drydock-agent/seed/agent.mjs')).toBe('// agent 1.2.3.4\n')
  })

  it('is installed again after it was killed, whenever that was', async () => {
    const file = await rpmFile()
    for (const ms of [15, 30, 45, 60, 90]) {
      using machine = new Machine('systemd')
      const child = spawn('rpm', [...database(machine), '--install', file])
      const ended = once(child, 'exit')
      await systemClock.sleep(ms).done
      child.kill('SIGKILL')
      await ended
      // rpm names what it unpacks after the second in which it began.
      await systemClock.sleep(1000).done
      rpm(machine, '--install', '--replacepkgs', file)
      rpm(machine, '--verify', 'drydock-agent')
      expect([ms, machine.has('enabled')]).toEqual([ms, true])
    }
  })

  it('leaves a service disabled that the administrator has disabled', async () => {
    using machine = new Machine('systemd')
    rpm(machine, '--install', await rpmFile())
    rmSync(machine.at('enabled'))
    machine.calls()
    rpm(machine, '--upgrade', await rpmFile({ version: '1.2.3.5' }))
    expect(machine.calls()).toEqual([
      'daemon-reload',
      `--quiet is-enabled ${UNIT}`,
      `--no-block try-restart ${UNIT}`,
    ])
  })

  it('keeps state and changed configuration when it is removed, for the next one', async () => {
    using machine = new Machine('systemd')
    const file = await rpmFile()
    rpm(machine, '--install', file)
    machine.write('var/lib/drydock-agent/identity.json', 'mine')
    machine.write(CONFIG, '{"endpoint_tags":["a"]}\n')
    rpm(machine, '--erase', 'drydock-agent')
    for (const gone of ['opt/drydock-agent', 'usr/bin/drydock-agent', 'enabled']) {
      expect([gone, machine.has(gone)]).toEqual([gone, false])
    }
    expect(machine.read('var/lib/drydock-agent/identity.json')).toBe('mine')
    expect(machine.read(CONFIG)).toBe('{"endpoint_tags":["a"]}\n')
    rpm(machine, '--install', file)
    expect(machine.read(CONFIG)).toBe('{"endpoint_tags":["a"]}\n')
    expect(machine.has('enabled')).toBe(true)
  })

  it('takes over from a self-extracting installer', async () => {
    using machine = new Machine('none')
    machine.write('opt/drydock-agent/uninstall.sh', '#!/bin/sh\n')
    machine.write('opt/drydock-agent/installed-by', 'sh\n')
    machine.write('etc/init.d/drydock-agent', '')
    rpm(machine, '--install', await rpmFile())
    expect(machine.read('opt/drydock-agent/installed-by')).toBe('rpm\n')
    expect(machine.has('opt/drydock-agent/uninstall.sh')).toBe(false)
    expect(machine.has('etc/init.d/drydock-agent')).toBe(false)
  })
})
