/** The scripts of a package for Macs, on as much of a Mac as they see. */
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import type { AgentVersion } from '../../base/version.ts'
import { canChroot } from '../linux/chroot.suite.ts'
import { scriptsAreRead } from '../linux/scripts-read.suite.ts'
import { UNINSTALLER } from '../macos/uninstaller.ts'
import { sampleNeeds, sampleRelease } from '../sample.suite.ts'
import { POSTINSTALL, preinstall } from './_scripts.ts'
import { Mac, PROGRAM, RECEIPTS, SHELLS } from './mac-machine.suite.ts'
import { pkgWriter } from './pkg.ts'
import { readProduct } from './read-pkg.suite.ts'

const PREINSTALL = preinstall('1.2.10.0' as AgentVersion)
const SERVICE = 'system/example.drydock.agent'
const PRINT = `print ${SERVICE}`
const BOOTOUT = `bootout ${SERVICE}`
const BOOTSTRAP = 'bootstrap system /Library/LaunchDaemons/example.drydock.agent.plist'

scriptsAreRead('the scripts for Macs as text', {
  preinstall: PREINSTALL,
  postinstall: POSTINSTALL,
  'uninstall.sh': UNINSTALLER,
})

const hasMac = canChroot() && needs('dash', 'bash')

describe.skipIf(!hasMac)('the scripts for Macs (needs root, busybox-static, dash)', () => {
  describe.each(SHELLS)('in %s', (shell) => {
    it('start the service of a first installation', () => {
      using mac = new Mac()
      mac.putAgent()
      expect(mac.install(shell, PREINSTALL)).toMatchObject({ status: 0, output: '' })
      expect(mac.install(shell, POSTINSTALL)).toMatchObject({ status: 0, output: '' })
      expect(mac.calls()).toEqual([PRINT, BOOTSTRAP])
    })

    it('start it anew when it runs', () => {
      using mac = new Mac()
      mac.putAgent()
      mac.write('loaded', '')
      expect(mac.install(shell, POSTINSTALL)).toMatchObject({ status: 0, output: '' })
      expect(mac.calls()).toEqual([PRINT, BOOTOUT, PRINT, BOOTSTRAP])
      expect(mac.has('loaded')).toBe(true)
    })

    it.each([
      ['1.2.9.9', 'x64', 0],
      ['1.2.10.0', 'arm64', 0],
      ['1.2.10.1', 'arm64', 1],
      ['1.10.0.0', 'x64', 1],
      ['2.0.0.0', 'x64', 1],
    ])('say of %s (%s) that is there: exit %i', (version, arch, status) => {
      using mac = new Mac()
      mac.putAgent()
      mac.write(`receipts/example.drydock.agent.${arch}`, `${version}\n`)
      const done = mac.install(shell, PREINSTALL)
      expect(done.status).toBe(status)
      expect(mac.has(`${PROGRAM}/seed`)).toBe(status === 1)
      if (status === 1) {
        const words = `version ${version} is installed here and 1.2.10.0 is older`
        expect(done.output).toContain(words)
        expect(done.output).toContain('sudo /opt/drydock-agent/drydock-agent uninstall')
      }
    })

    it('uninstall program, service and receipts, and keep the rest', () => {
      using mac = installed()
      const done = mac.run([...shell.split(' '), `/${PROGRAM}/uninstall.sh`])
      expect(done).toMatchObject({ status: 0 })
      expect([...GOES, ...RECEIPTS].filter((path) => mac.has(path))).toEqual([])
      expect([...PURGED, ...STAYS].filter((path) => !mac.has(path))).toEqual([])
      expect(mac.calls()).toEqual([PRINT, BOOTOUT, PRINT])
    })

    it('uninstall --purge removes configuration and state as well, and nothing else', () => {
      using mac = installed()
      const done = mac.run([...shell.split(' '), `/${PROGRAM}/uninstall.sh`, '--purge'])
      expect(done).toMatchObject({ status: 0 })
      expect([...GOES, ...PURGED].filter((path) => mac.has(path))).toEqual([])
      expect(STAYS.filter((path) => !mac.has(path))).toEqual([])
    })
  })

  it('an agent that was removed by hand keeps no older one away', () => {
    using mac = new Mac()
    mac.write(RECEIPTS[0] ?? '', '9.0.0.0\n')
    expect(mac.install('/bin/dash', PREINSTALL)).toMatchObject({ status: 0 })
  })

  it('wait for a service that is slow to stop', () => {
    using mac = new Mac()
    mac.putAgent()
    mac.write('loaded', '')
    mac.write('lingers', '2\n')
    expect(mac.install('/bin/dash', POSTINSTALL)).toMatchObject({ status: 0, output: '' })
    const waits = [PRINT, 'sleep 1', PRINT, 'sleep 1', PRINT]
    expect(mac.calls()).toEqual([PRINT, BOOTOUT, ...waits, BOOTSTRAP])
  })

  it('leave a disabled service so', () => {
    using mac = new Mac()
    mac.putAgent()
    mac.write('disabled', '')
    const { status, output } = mac.install('/bin/dash', POSTINSTALL)
    expect([status, output]).toEqual([0, expect.stringMatching(/is disabled, and stays so/)])
    expect(mac.calls()).toEqual([PRINT, BOOTSTRAP, PRINT, 'print-disabled system'])
  })

  it('do not fail over a service that does not start', () => {
    using mac = new Mac()
    mac.putAgent()
    mac.write('refuses', '')
    const { status, output } = mac.install('/bin/dash', POSTINSTALL)
    expect([status, output]).toEqual([0, expect.stringMatching(/could not be started/)])
    expect(mac.calls().filter((call) => call === BOOTSTRAP)).toHaveLength(6)
  })

  it('touch no service when another volume is installed into', () => {
    using mac = new Mac()
    mac.putAgent('Volumes/Other/')
    mac.write('Volumes/Other/receipts/example.drydock.agent.x64', '2.0.0.0')
    for (const script of [PREINSTALL, POSTINSTALL]) {
      const { status } = mac.install('/bin/dash', script, '/Volumes/Other')
      expect(status).toBe(script === PREINSTALL ? 1 : 0)
    }
    expect(mac.calls()).toEqual([])
  })

  it('succeed where there is no launchd', () => {
    using mac = new Mac()
    mac.putAgent()
    mac.run(['/bin/rm', '/bin/launchctl'])
    expect(mac.install('/bin/dash', POSTINSTALL)).toMatchObject({ status: 0, output: '' })
  })

  it.each([
    ['is not there', null, /no agent was installed for this Mac's processor/],
    ['does not run', 'exit 1\n', /the launcher does not run on this Mac/],
  ])('fail when the launcher %s', (_, launcher, message) => {
    using mac = new Mac()
    const path = `${PROGRAM}/drydock-agent`
    if (launcher !== null) mac.write(path, `#!/bin/busybox sh\n${launcher}`, 0o755)
    const { status, output } = mac.install('/bin/dash', POSTINSTALL)
    expect([status, output]).toEqual([1, expect.stringMatching(message)])
    expect(mac.calls()).toEqual([])
  })

  it('uninstall again what was interrupted', () => {
    using mac = installed()
    mac.run(['/bin/rm', '-r', `/${PROGRAM}/seed`, `/${PROGRAM}/drydock-agent`])
    const done = mac.run(['/bin/dash', `/${PROGRAM}/uninstall.sh`])
    expect(done.status).toBe(0)
    expect(mac.has(PROGRAM)).toBe(false)
  })

  it('uninstall below a root touches no service, and only with that root', () => {
    using mac = installed('Volumes/Other/')
    const script = `/Volumes/Other/${PROGRAM}/uninstall.sh`
    const without = mac.run(['/bin/dash', script])
    expect([without.status, without.output]).toEqual([1, expect.stringMatching(/give the --root/)])
    expect(mac.run(['/bin/dash', script, '--root', '/Volumes/Other'])).toMatchObject({ status: 0 })
    expect(mac.calls()).toEqual([])
    expect(mac.has(`Volumes/Other/${PROGRAM}`)).toBe(false)
    expect(RECEIPTS.filter((path) => mac.has(`Volumes/Other/${path}`))).toEqual([])
  })

  it('uninstall leaves a folder that holds something of others', () => {
    using mac = installed()
    mac.write(`${PROGRAM}/notes`, '')
    const { output } = mac.run(['/bin/dash', `/${PROGRAM}/uninstall.sh`])
    expect(output).toMatch(/holds other files and stays/)
    expect(mac.has(`${PROGRAM}/notes`)).toBe(true)
  })
})

describe.skipIf(!hasMac || !needs('bsdtar'))('a package on a Mac (needs root, bsdtar)', () => {
  /** As installer(8): all scripts before the files, the files, all scripts after them. */
  async function putPackage(mac: Mac, version: string): Promise<number | null> {
    const target = { platform: 'macos', arch: 'x64', libc: 'none' } as const
    const { spec, store } = sampleRelease({ version, spec: { target } })
    const launcher = store.add(Buffer.from('#!/bin/busybox sh\nexit 0\n'))
    const written = await pkgWriter.write({ ...spec, launcher }, sampleNeeds(store))
    const components = [...readProduct(store.assemble(written)).components]
    const run = (name: string) =>
      components
        .flatMap(([, { scripts }]) => scripts.get(name) ?? [])
        .map((script) => mac.install('/bin/dash', script).status)
    const refused = run('preinstall').find((status) => status !== 0)
    if (refused !== undefined) return refused
    for (const [, { files, packageInfo }] of components) {
      for (const [path, { bytes, mode }] of files) mac.write(path, bytes, mode)
      const [, id = ''] = /identifier="([^"]*)"/.exec(packageInfo) ?? []
      mac.write(`receipts/${id}`, version)
    }
    return run('postinstall').find((status) => status !== 0) ?? 0
  }

  it('is installed, upgraded, not downgraded, removed, and then older', async () => {
    using mac = new Mac()
    expect(await putPackage(mac, '1.0.0.0')).toBe(0)
    expect(mac.calls()).toEqual([PRINT, BOOTSTRAP])
    mac.write(`${PROGRAM}/seed/of-another-package`, '')
    expect(await putPackage(mac, '1.0.1.0')).toBe(0)
    expect(mac.calls()).toEqual([PRINT, BOOTOUT, PRINT, BOOTSTRAP])
    expect(mac.has(`${PROGRAM}/seed/of-another-package`)).toBe(false)
    expect(await putPackage(mac, '1.0.0.0')).toBe(1)
    expect(mac.read(`${PROGRAM}/seed/agent.mjs`)).toBe('// agent 1.0.1.0\n')
    expect(mac.run([`/${PROGRAM}/uninstall.sh`])).toMatchObject({ status: 0 })
    expect(mac.has(PROGRAM)).toBe(false)
    expect(await putPackage(mac, '1.0.0.0')).toBe(0)
  })
})

const GOES = [
  PROGRAM,
  'Library/LaunchDaemons/example.drydock.agent.plist',
  'private/etc/paths.d/drydock-agent',
]
const PURGED = ['etc/drydock-agent/agent.json', 'var/db/drydock-agent/identity.json']
const STAYS = ['opt/other', 'Library/LaunchDaemons/other.plist', 'var/db/other', 'var/log/other']

/** A Mac with the agent, running, and other things beside it. */
function installed(volume = ''): Mac {
  const mac = new Mac()
  mac.putAgent(volume)
  if (volume === '') mac.write('loaded', '')
  mac.write(`${volume}${PROGRAM}/uninstall.sh`, UNINSTALLER, 0o755)
  for (const name of ['installed-by', 'enrolment.json'])
    mac.write(`${volume}${PROGRAM}/${name}`, '')
  for (const path of [...GOES.slice(1), ...PURGED, ...STAYS, ...RECEIPTS]) {
    mac.write(`${volume}${path}`, '')
  }
  return mac
}
