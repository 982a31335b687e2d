import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { parseArguments } from './arguments.ts'
import { judge } from './judge.ts'
import { layoutOf } from './layout.ts'
import type { PayloadHealth } from './payload.ts'
import { applySettings, loadSettings } from './settings.ts'
import { describeStatus, readStatus, serveStatus } from './status.ts'
import { makeStatusDoor } from './status-door.ts'
import { uninstallCommand } from './uninstall.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drydock-commands-'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('the command line', () => {
  it.each<[string[], object]>([
    [[], { value: { kind: 'help' } }],
    [['run'], { value: { kind: 'run', root: '' } }],
    [['run', '--root', '/srv/x/'], { value: { kind: 'run', root: '/srv/x' } }],
    [['run', '--root', '/'], { value: { kind: 'run', root: '' } }],
    [['status', '--json'], { value: { kind: 'status', asJson: true } }],
    [['facts', '--help'], { value: { kind: 'help' } }],
    [['facts', '--json'], { ok: false }],
    [['uninstall'], { value: { kind: 'uninstall', root: '', what: 'program' } }],
    [['uninstall', '--purge'], { value: { kind: 'uninstall', what: 'everything' } }],
    [['status', '--purge'], { ok: false }],
    [['run', '--root'], { ok: false }],
    [['run', 'fast'], { ok: false }],
    [['dance'], { ok: false }],
    [['agent'], { ok: false }],
  ])('%j', (args, result) => {
    expect(parseArguments(args)).toMatchObject(result)
  })
})

describe('uninstall', () => {
  const rootOption = expect.stringContaining('--root=')
  const script = expect.stringMatching(/uninstall\.sh$/)
  const purge = expect.stringMatching(/^rpm "\$@" --erase drydock-agent && rm -rf/)
  const anyRoot = expect.any(String)
  const rows: [string | null, 'program' | 'everything', object][] = [
    ['deb\n', 'program', { value: ['dpkg', rootOption, '--remove', 'drydock-agent'] }],
    ['deb\n', 'everything', { value: ['dpkg', rootOption, '--purge', 'drydock-agent'] }],
    ['sh', 'program', { value: [script, '--root', expect.any(String)] }],
    ['sh', 'everything', { value: [script, '--purge', '--root', expect.any(String)] }],
    ['rpm\n', 'program', { value: ['rpm', '--root', anyRoot, '--erase', 'drydock-agent'] }],
    ['rpm\n', 'everything', { value: ['sh', '-c', purge, anyRoot, '--root', anyRoot] }],
    ['pkg\n', 'program', { value: [script, '--root', anyRoot] }],
    ['msi\n', 'program', { refusal: { message: expect.stringMatching(/ \/x FILE.msi \/qn$/) } }],
    ['msi\n', 'everything', { refusal: { message: expect.stringMatching(/ \/qn PURGE=1$/) } }],
    ['hand', 'program', { refusal: { code: 'not-installed' } }],
    ['oci\n', 'everything', { refusal: { code: 'in-container' } }],
    [null, 'everything', { refusal: { code: 'not-installed' } }],
  ]
  it.each(rows)('installed by %j, removing the %s', (by, what, result) => {
    const layout = layoutOf(root, join(root, 'opt'))
    mkdirSync(layout.program)
    if (by !== null) writeFileSync(layout.installedBy, by)
    writeFileSync(join(layout.program, 'uninstall.sh'), '')
    chmodSync(join(layout.program, 'uninstall.sh'), 0o755)
    expect(uninstallCommand(layout, { userId: 0, what })).toMatchObject(result)
  })

  it('shows what removes the very product that an msi brought', () => {
    const layout = layoutOf(root, root)
    const code = '{0011AABB-0000-8000-A000-00112233445F}'
    writeFileSync(layout.installedBy, 'msi\n')
    writeFileSync(join(root, 'install.ini'), `[product]\r\nproduct_code=${code}\r\n`)
    expect(uninstallCommand(layout, { userId: 0, what: 'program' })).toEqual({
      ok: false,
      refusal: { code: 'by-msiexec', message: `as an administrator: msiexec /x ${code} /qn` },
    })
  })

  it('from the machine itself it needs root', () => {
    const layout = layoutOf('', root)
    writeFileSync(layout.installedBy, 'deb')
    const asked = (userId: number) => uninstallCommand(layout, { userId, what: 'program' })
    expect(asked(1000)).toMatchObject({ refusal: { code: 'needs-root' } })
    expect(asked(0)).toMatchObject({ value: ['dpkg', '--remove', 'drydock-agent'] })
  })
})

describe('settings', () => {
  const installed = {
    schema: 1,
    server_url: 'https://drydock.test',
    distribution_id: 'd'.repeat(32),
    token: 't',
    proxy: ['a.test:1'],
    endpoint_tags: ['x'],
    trusted_keys: [{ key_id: '1'.repeat(64), public_key: 'AAAA' }],
  } as const
  const copy = { ...installed, proxy: ['a.test:1'], endpoint_tags: ['x'], trusted_keys: [] }

  it('the administrator replaces proxies and adds tags', () => {
    const applied = applySettings(copy, { proxy: [], endpoint_tags: ['x', 'y'] })
    expect(applied).toMatchObject({ proxy: [], endpoint_tags: ['x', 'y'] })
    expect(applySettings(copy, {})).toEqual(copy)
  })

  it('a mistake in the file of the administrator does not silence the endpoint', () => {
    const layout = layoutOf(root, join(root, 'opt'))
    mkdirSync(layout.program)
    mkdirSync(join(root, 'etc/drydock-agent'), { recursive: true })
    writeFileSync(layout.enrolment, JSON.stringify({ ...installed, later: 'field' }))
    writeFileSync(layout.settings, '{"proxy": ["nonsense"]}')
    const settings = loadSettings(layout, silentLog)
    expect(settings).toMatchObject({ ok: true, value: { proxy: ['a.test:1'] } })
  })
})

describe('judge', () => {
  const proven: PayloadHealth = {
    status: 'healthy',
    isProven: true,
    reason: null,
    exits: 0,
    failedHealth: false,
  }
  it.each<[string, boolean, PayloadHealth | null, object | null]>([
    ['checked in and proven: healthy', true, proven, { kind: 'healthy' }],
    ['checked in and no payload: healthy', true, null, { kind: 'healthy' }],
    ['not checked in: nothing yet', false, proven, null],
    ['not proven: nothing yet', true, { ...proven, isProven: false }, null],
    [
      'the payload ended once: unhealthy',
      true,
      { ...proven, exits: 1 },
      { reason: 'payload-exited' },
    ],
    [
      'the health command fails: unhealthy',
      false,
      { ...proven, failedHealth: true },
      { reason: 'payload-unhealthy' },
    ],
  ])('%s', (_, hasCheckedIn, payload, verdict) => {
    const judged = judge({ hasCheckedIn, payload })
    if (verdict === null) expect(judged).toBeNull()
    else expect(judged).toMatchObject(verdict)
  })
})

describe('status', () => {
  it('comes from the files when no agent answers, and from the agent when one does', async () => {
    const layout = layoutOf(root, join(root, 'opt'))
    mkdirSync(layout.state, { recursive: true })
    const fromFiles = await readStatus(layout, systemClock, silentLog)
    expect(fromFiles).toMatchObject({ running: false, endpoint_id: null, version: null })
    const live = { ...fromFiles, running: true, version: '1.0.0.0' }
    const door = makeStatusDoor(layout.status, systemRandom)
    const served = serveStatus(door, silentLog, () => live)
    await new Promise((resolve) => served.once('listening', resolve))
    expect(await readStatus(layout, systemClock, silentLog)).toEqual(live)
    expect(describeStatus(live)).toContain('Version:       1.0.0.0')
    expect(statSync(layout.status).mode & 0o777).toBe(0o600)
    await new Promise((resolve) => served.close(resolve))
  })

  it('what a server said does not steer the terminal', async () => {
    const status = await readStatus(layoutOf(root, root), systemClock, silentLog)
    const shown = describeStatus({ ...status, last_error: 'no\u001b]0;x\u0007\nAgent: running' })
    expect(shown).toContain('Last error:    no?]0;x??Agent: running\n')
  })
})
