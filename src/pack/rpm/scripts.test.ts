/** Every call that rpm makes, on a machine with systemd and on one without. */
import { mkdirSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { canChroot, Machine } from '../linux/chroot.suite.ts'
import { scriptsAreRead } from '../linux/scripts-read.suite.ts'
import { POST, POSTTRANS, POSTUN, PRE, PREUN } from './_scripts.ts'

const hasMachine = canChroot()

const SCRIPTS = { pre: PRE, post: POST, posttrans: POSTTRANS, preun: PREUN, postun: POSTUN }
type Script = keyof typeof SCRIPTS

/** As rpm does: the interpreter gets the script as a file, and how many will be installed. */
function call(machine: Machine, script: Script, count: number) {
  machine.write(`tmp/${script}`, SCRIPTS[script])
  return machine.run(['/bin/sh', `/tmp/${script}`, String(count)])
}

const UNIT = 'drydock-agent.service'
const IS_ENABLED = `--quiet is-enabled ${UNIT}`

type Row = readonly [Script, number, 'enabled' | 'disabled', readonly string[]]
const ROWS: readonly Row[] = [
  ['pre', 1, 'disabled', []],
  ['pre', 2, 'enabled', []],
  ['post', 1, 'disabled', [`--quiet enable ${UNIT}`]],
  ['post', 2, 'enabled', []],
  ['post', 2, 'disabled', []],
  ['posttrans', 1, 'enabled', ['daemon-reload', IS_ENABLED, `--no-block restart ${UNIT}`]],
  ['posttrans', 1, 'disabled', ['daemon-reload', IS_ENABLED, `--no-block try-restart ${UNIT}`]],
  ['preun', 1, 'enabled', []],
  ['preun', 0, 'enabled', [`stop ${UNIT}`, `--quiet disable ${UNIT}`]],
  ['postun', 1, 'enabled', []],
  ['postun', 0, 'disabled', ['daemon-reload', `reset-failed ${UNIT}`]],
]

describe.skipIf(!hasMachine)('the scriptlets (needs root, busybox-static)', () => {
  it.each(ROWS)(
    '%s with %i of it, the service %s, tells systemd: %j',
    (script, count, state, calls) => {
      using machine = new Machine('systemd')
      if (state === 'enabled') machine.write('enabled', '')
      expect(call(machine, script, count)).toMatchObject({ status: 0, output: '' })
      expect(machine.calls()).toEqual(calls)
    },
  )

  it('enable it once, also when post comes in a later try only', () => {
    using machine = new Machine('systemd')
    call(machine, 'pre', 1)
    call(machine, 'pre', 2)
    for (const told of [[`--quiet enable ${UNIT}`], []]) {
      call(machine, 'post', 2)
      expect(machine.calls()).toEqual(told)
    }
    expect(machine.run(['/bin/ls', '-A', '/opt/drydock-agent']).output).toBe('')
  })

  it('pre lets an installation go on that it could not prepare', () => {
    using machine = new Machine('none')
    machine.write('opt/drydock-agent', 'a file')
    expect(call(machine, 'pre', 1).status).toBe(0)
    rmSync(machine.at('opt/drydock-agent'))
    mkdirSync(machine.at('opt/drydock-agent/.to-enable'), { recursive: true })
    expect(call(machine, 'pre', 1).status).toBe(0)
  })

  it('may be called twice, also while systemd fails', () => {
    for (const [script, count] of ROWS) {
      using machine = new Machine('systemd')
      for (const time of ['first', 'second', 'failing']) {
        if (time === 'failing') machine.write('systemctl-fails', '')
        const { status } = call(machine, script, count)
        expect([script, count, time, status]).toEqual([script, count, time, 0])
      }
    }
  })

  it('succeed without systemd', () => {
    for (const [script, count] of ROWS) {
      using machine = new Machine('none')
      expect([script, count, call(machine, script, count).status]).toEqual([script, count, 0])
    }
  })

  it('enable and disable the service of a machine whose systemd does not run', () => {
    using machine = new Machine('none')
    const link = `etc/systemd/system/multi-user.target.wants/${UNIT}`
    const isLink = () => machine.run(['/bin/sh', '-c', `[ -L /${link} ]`]).status === 0
    call(machine, 'pre', 1)
    call(machine, 'post', 1)
    expect(isLink()).toBe(true)
    call(machine, 'preun', 0)
    expect(isLink()).toBe(false)
  })

  it.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ['gives changed configuration its name back', { 'agent.json.rpmsave': 'mine' }, 'mine'],
    [
      'leaves configuration that is there',
      { 'agent.json': 'new', 'agent.json.rpmsave': 'old' },
      'new',
    ],
  ])('postun of the last one %s', (_, files, kept) => {
    using machine = new Machine('none')
    for (const [name, text] of Object.entries(files)) {
      machine.write(`etc/drydock-agent/${name}`, text)
    }
    call(machine, 'postun', 1)
    expect(machine.has('etc/drydock-agent/agent.json.rpmsave')).toBe(true)
    call(machine, 'postun', 0)
    expect(machine.read('etc/drydock-agent/agent.json')).toBe(kept)
  })
})

scriptsAreRead('the scriptlets as text', SCRIPTS)
