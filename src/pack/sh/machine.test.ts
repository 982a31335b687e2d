/** The installer on a whole machine: with systemd, without it, and killed at every step. */
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { canChroot, Machine, nativeTarget } from '../linux/chroot.suite.ts'
import { SAMPLE_LAUNCHER, sampleRelease } from '../sample.suite.ts'
import { writeSh } from './sh.ts'

const hasMachine = canChroot()

const PROGRAM = 'opt/drydock-agent'
const UNIT = 'drydock-agent.service'

function bring(machine: Machine, version: string): string {
  const { spec, store } = sampleRelease({ version, spec: { target: nativeTarget } })
  machine.write(`tmp/${version}.sh`, store.assemble(writeSh(spec)))
  return `/tmp/${version}.sh`
}

function install(machine: Machine, version: string, ...words: readonly string[]) {
  return machine.run(['/bin/sh', bring(machine, version), ...words])
}

describe.skipIf(!hasMachine)('a machine with systemd (needs root, busybox-static)', () => {
  it('has its service enabled and started', () => {
    using machine = new Machine('systemd')
    expect(install(machine, '1.0.0.0')).toMatchObject({ status: 0 })
    expect(machine.calls()).toEqual([
      'daemon-reload',
      `--quiet enable ${UNIT}`,
      `--quiet is-enabled ${UNIT}`,
      `restart ${UNIT}`,
    ])
    expect(machine.has(`usr/lib/systemd/system/${UNIT}`)).toBe(true)
    expect(machine.has('etc/init.d/drydock-agent')).toBe(false)
  })

  it('keeps a service that the administrator disabled as it is, through an upgrade', () => {
    using machine = new Machine('systemd')
    install(machine, '1.0.0.0')
    machine.run(['/bin/systemctl', 'disable', UNIT])
    machine.calls()
    expect(install(machine, '2.0.0.0')).toMatchObject({ status: 0 })
    expect(machine.calls()).toEqual([
      'daemon-reload',
      `--quiet is-enabled ${UNIT}`,
      `try-restart ${UNIT}`,
    ])
  })

  it('is left alone by --no-start but for the enabling', () => {
    using machine = new Machine('systemd')
    install(machine, '1.0.0.0', '--no-start')
    expect(machine.calls()).toEqual(['daemon-reload', `--quiet enable ${UNIT}`])
  })

  it('says so when the service does not start, and is installed all the same', () => {
    using machine = new Machine('systemd')
    machine.write('systemctl-fails', '')
    const { status, output } = install(machine, '1.0.0.0')
    expect(status).toBe(3)
    expect(output).toMatch(/installed, but its service did not start/)
    expect(machine.read(`${PROGRAM}/seed/agent.mjs`)).toBe('// agent 1.0.0.0\n')
    expect(machine.has(`${PROGRAM}/.installing`)).toBe(false)
  })

  it('is clean after uninstall.sh, which keeps state and configuration until --purge', () => {
    using machine = new Machine('systemd')
    install(machine, '1.0.0.0', '--endpoint-tags', 'x')
    machine.write('var/lib/drydock-agent/identity.json', 'mine')
    machine.calls()
    expect(machine.run([`/${PROGRAM}/uninstall.sh`])).toMatchObject({ status: 0 })
    expect(machine.calls()).toEqual([
      `stop ${UNIT}`,
      `--quiet disable ${UNIT}`,
      'daemon-reload',
      `reset-failed ${UNIT}`,
    ])
    for (const gone of [PROGRAM, `usr/lib/systemd/system/${UNIT}`, 'usr/bin/drydock-agent']) {
      expect([gone, machine.has(gone)]).toEqual([gone, false])
    }
    expect(machine.read('var/lib/drydock-agent/identity.json')).toBe('mine')
    expect(machine.has('etc/drydock-agent/agent.json')).toBe(true)
    install(machine, '1.0.0.0')
    machine.run([`/${PROGRAM}/uninstall.sh`, '--purge'])
    expect(machine.has('var/lib/drydock-agent')).toBe(false)
    expect(machine.has('etc/drydock-agent')).toBe(false)
  })

  it("keeps what it does not know: another's unit, a mask, files in the program folder", () => {
    using machine = new Machine('systemd')
    install(machine, '1.0.0.0')
    machine.write(`usr/lib/systemd/system/${UNIT}`, '[Service]\nExecStart=/opt/other/x\n')
    machine.write(`${PROGRAM}/notes`, 'mine')
    machine.run(['/bin/ln', '-s', '/dev/null', `/etc/systemd/system/${UNIT}`])
    machine.run(['/bin/mkdir', '-p', '/etc/systemd/system'])
    machine.run(['/bin/ln', '-s', '/dev/null', `/etc/systemd/system/${UNIT}`])
    const { output } = machine.run([`/${PROGRAM}/uninstall.sh`])
    expect(output).toMatch(/holds other files and stays/)
    expect(machine.has(`usr/lib/systemd/system/${UNIT}`)).toBe(true)
    expect(machine.run(['/bin/readlink', `/etc/systemd/system/${UNIT}`]).output).toBe('/dev/null\n')
    expect(machine.read(`${PROGRAM}/notes`)).toBe('mine')
    expect(machine.has(`${PROGRAM}/drydock-agent`)).toBe(false)
  })
})

describe.skipIf(!hasMachine)('a machine without systemd (needs root, busybox-static)', () => {
  it('runs the agent from its init script, in a clean environment, and stops it', () => {
    using machine = new Machine('none')
    const installed = machine.run(['/bin/sh', bring(machine, '1.0.0.0')], {
      BUN_OPTIONS: '--preload=/tmp/evil',
      BUN_BE_BUN: '1',
    })
    expect(installed).toMatchObject({ status: 0 })
    expect(installed.output).toMatch(/nothing here starts services at boot/)
    const service = (word: string) => machine.run(['/etc/init.d/drydock-agent', word])
    expect(service('status')).toMatchObject({ status: 0 })
    const names = machine
      .read('var/lib/drydock-agent/environment')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [line.split('=')[0]]))
    // A shell adds PWD and its like; nothing came from the caller.
    expect(names.filter((name) => !['PWD', 'SHLVL', 'OLDPWD', '_'].includes(name ?? ''))).toEqual(
      expect.arrayContaining(['LANG', 'PATH']),
    )
    expect(names.filter((name) => name?.startsWith('BUN'))).toEqual([])
    const first = machine.read('run/drydock-agent.pid')
    expect(service('start').output).toMatch(/runs already/)
    expect(machine.read('run/drydock-agent.pid')).toBe(first)
    expect(service('restart')).toMatchObject({ status: 0 })
    expect(machine.read('run/drydock-agent.pid')).not.toBe(first)
    expect(service('stop')).toMatchObject({ status: 0 })
    expect(service('status')).toMatchObject({ status: 3 })
    expect(machine.has('run/drydock-agent.pid')).toBe(false)
  })

  it('is clean after uninstall.sh, which stops the agent', () => {
    using machine = new Machine('none')
    install(machine, '1.0.0.0')
    const pid = Number(machine.read('run/drydock-agent.pid'))
    expect(process.kill(pid, 0)).toBe(true)
    expect(machine.run([`/${PROGRAM}/uninstall.sh`, '--purge'])).toMatchObject({ status: 0 })
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
    expect(
      machine.run(['/bin/find', '/opt', '/etc', '/var', '/usr/bin', '-name', '*drydock*']),
    ).toEqual({ status: 0, output: '', signal: null })
  })

  it.each([
    ['update-rc.d', 'drydock-agent defaults'],
    ['chkconfig', '--add drydock-agent'],
    ['rc-update', 'add drydock-agent default'],
  ])('registers with %s, at the first installation only', (tool, call) => {
    using machine = new Machine('none')
    machine.write(`bin/${tool}`, '#!/bin/sh\necho "$*" >>/calls\n', 0o755)
    install(machine, '1.0.0.0', '--no-start')
    install(machine, '2.0.0.0', '--no-start')
    expect(machine.calls()).toEqual([call])
  })

  it('gives OpenRC a service that it can read', () => {
    using machine = new Machine('none')
    machine.write('sbin/openrc-run', '#!/bin/sh\n', 0o755)
    install(machine, '1.0.0.0', '--no-start')
    const script = machine.read('etc/init.d/drydock-agent')
    expect(script.split('\n')[0]).toBe('#!/sbin/openrc-run')
    const read = 'RC_SVCNAME=drydock-agent; . /etc/init.d/drydock-agent; type depend; status'
    const { output, status } = machine.run(['/bin/sh', '-c', read])
    expect(output).toMatch(/function[\s\S]*drydock-agent is stopped/)
    expect(status).toBe(3)
  })

  it('refuses a glibc build where only another C library is', () => {
    using machine = new Machine('none')
    machine.run(['/bin/rm', '-rf', '/lib64', '/lib'])
    machine.write('lib/ld-musl-x86_64.so.1', '')
    expect(install(machine, '1.0.0.0')).toMatchObject({
      status: 1,
      output: expect.stringMatching(/whose C library is not here/),
    })
    expect(machine.has(PROGRAM)).toBe(false)
  })

  it('refuses to be installed twice at once, and takes over from one that was killed', () => {
    using machine = new Machine('none')
    const boot = machine.run(['/bin/cat', '/proc/sys/kernel/random/boot_id'])
    const ours = boot.status === 0 ? boot.output.trim() : 'unknown'
    machine.write(`${PROGRAM}/.installing/holder`, `${process.pid} ${ours}\n`)
    expect(install(machine, '1.0.0.0', '--no-start').output).toMatch(
      new RegExp(`another installation is running here as process ${process.pid}`),
    )
    machine.write(`${PROGRAM}/.installing/holder`, `${process.pid} of-another-boot\n`)
    expect(install(machine, '1.0.0.0', '--no-start')).toMatchObject({ status: 0 })
  })
})

/**
 * Each tool the installer calls counts itself, and the one whose turn it is kills the installer
 * with -9.
 */
const COUNTED = [
  'mkdir',
  'tar',
  'sha256sum',
  'sync',
  'mv',
  'sed',
  'chmod',
  'ln',
  'rm',
  'rmdir',
  'cat',
  'systemctl',
]
const WRAPPER = `\
#!/bin/busybox sh
applet=\${0##*/}
n=$(($(/bin/busybox cat /count) + 1))
echo "$n" >/count
if [ "$n" = "$(/bin/busybox cat /kill-at)" ]; then
  kill -9 "$PPID"
  exit 1
fi
if [ "$applet" = systemctl ]; then exec /bin/systemctl "$@"; fi
exec /bin/busybox "$applet" "$@"
`

function arm(machine: Machine, killAt: number): void {
  machine.write('count', '0\n')
  machine.write('kill-at', `${killAt}\n`)
  for (const tool of COUNTED) machine.write(`usr/sbin/${tool}`, WRAPPER, 0o755)
}

function disarm(machine: Machine): void {
  for (const tool of COUNTED) machine.run(['/bin/busybox', 'rm', '-f', `/usr/sbin/${tool}`])
}

const hasDash = needs('dash')

describe.skipIf(!hasMachine || !hasDash)(
  'an installation that is killed with -9 (needs root, busybox-static, dash)',
  () => {
    it('is an upgrade: leaves each file old or new at every step, and is repaired by another run', () => {
      using machine = new Machine('none')
      // busybox's own shell would call its applets and not the ones that count.
      machine.addProgram('/bin/dash')
      let killed = 0
      for (let step = 1; ; step++) {
        disarm(machine)
        machine.run(['/bin/busybox', 'rm', '-rf', `/${PROGRAM}`, '/usr/bin/drydock-agent'])
        expect(install(machine, '1.0.0.0', '--no-start').status).toBe(0)
        const script = bring(machine, '2.0.0.0')
        arm(machine, step)
        const { status, signal } = machine.run(['/bin/dash', script, '--no-start'])
        if (status === 0 && signal === null && Number(machine.read('count')) < step) break
        killed++
        expect(machine.read(`${PROGRAM}/drydock-agent`)).toBe(SAMPLE_LAUNCHER)
        expect(machine.read(`${PROGRAM}/enrolment.json`)).toMatch(/"token":"secret"\}\n$/)
        expect(machine.read(`${PROGRAM}/installed-by`)).toBe('sh\n')
        expect(machine.has(`${PROGRAM}/uninstall.sh`)).toBe(true)
        const seeds = ['seed', '.installing/old-seed'].map((name) => `${PROGRAM}/${name}/agent.mjs`)
        const seed = seeds.find((path) => machine.has(path))
        expect(machine.read(seed ?? 'no seed')).toMatch(/^\/\/ agent [12]\.0\.0\.0\n$/)
        disarm(machine)
        expect(machine.run(['/bin/sh', script, '--no-start'])).toMatchObject({ status: 0 })
        expect(machine.read(`${PROGRAM}/seed/agent.mjs`)).toBe('// agent 2.0.0.0\n')
        expect(machine.has(`${PROGRAM}/.installing`)).toBe(false)
      }
      expect(killed).toBeGreaterThan(15)
    }, 180_000)

    it('is repaired by another run when it was the first: the service is enabled in the end', () => {
      using machine = new Machine('systemd')
      machine.addProgram('/bin/dash')
      const script = bring(machine, '1.0.0.0')
      const rest = [`/${PROGRAM}`, '/enabled', '/usr/lib', '/etc/drydock-agent']
      let killed = 0
      for (let step = 1; ; step++) {
        machine.run(['/bin/busybox', 'rm', '-rf', ...rest])
        arm(machine, step)
        const { status, signal } = machine.run(['/bin/dash', script])
        disarm(machine)
        if (status === 0 && signal === null && Number(machine.read('count')) < step) break
        killed++
        expect(machine.run(['/bin/dash', script])).toMatchObject({ status: 0 })
        expect([step, machine.has('enabled')]).toEqual([step, true])
        expect(machine.read(`${PROGRAM}/seed/agent.mjs`)).toBe('// agent 1.0.0.0\n')
        expect(machine.has(`${PROGRAM}/.installing`)).toBe(false)
      }
      expect(killed).toBeGreaterThan(15)
    }, 180_000)

    it('is repaired by another run when a step failed half-way', () => {
      using machine = new Machine('systemd')
      machine.write('etc/drydock-agent', 'a file where a folder must be')
      const first = install(machine, '1.0.0.0')
      expect(first.output).toMatch(/the installation broke off/)
      expect(first.status).toBe(1)
      machine.run(['/bin/rm', '/etc/drydock-agent'])
      expect(install(machine, '1.0.0.0')).toMatchObject({ status: 0 })
      expect(machine.has('enabled')).toBe(true)
      expect(machine.has(`${PROGRAM}/.installing`)).toBe(false)
    })
  },
)
