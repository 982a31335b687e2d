/** Every call form of dpkg (Debian Policy 6.5), on a machine with systemd and on one without. */
import { describe, expect, it } from 'vitest'
import { canChroot, Machine } from '../linux/chroot.suite.ts'
import { scriptsAreRead } from '../linux/scripts-read.suite.ts'
import { POSTINST, POSTRM, PRERM } from './_scripts.ts'

const hasMachine = canChroot()

const SCRIPTS = { postinst: POSTINST, prerm: PRERM, postrm: POSTRM }
type Script = keyof typeof SCRIPTS

function call(machine: Machine, script: Script, ...words: readonly string[]) {
  machine.write(`tmp/${script}`, SCRIPTS[script], 0o755)
  return machine.run([`/tmp/${script}`, ...words])
}

/**
 * The shell stands in for the launcher: what counts is which file runs, and that it is told to run.
 */
const BY_HAND = `\
#!/bin/sh
mkdir -p /proc /opt/drydock-agent /elsewhere && mount -t proc proc /proc || exit 77
trap 'umount /proc' EXIT
cp /bin/busybox /opt/drydock-agent/drydock-agent
cp /bin/busybox /elsewhere/drydock-agent
cd /tmp
(exec -a sh /opt/drydock-agent/drydock-agent run) & ours=$!
(exec -a sh /elsewhere/drydock-agent run) & other=$!
# Both are themselves when they have their arguments.
for pid in $ours $other; do
  until grep -q run /proc/$pid/cmdline; do sleep 0.05; done
done
/tmp/prerm remove
kill -0 $ours 2>/dev/null && echo 'its launcher still runs' || echo -n 'its launcher ended, '
kill $other 2>/dev/null && echo 'another one runs' || echo 'and another one'
wait
`

const UNIT = 'drydock-agent.service'
const IS_ENABLED = `--quiet is-enabled ${UNIT}`

type Row = readonly [Script, readonly string[], 'enabled' | 'disabled', readonly string[]]
const ROWS: readonly Row[] = [
  [
    'postinst',
    ['configure', ''],
    'disabled',
    [`--quiet enable ${UNIT}`, 'daemon-reload', IS_ENABLED, `--no-block restart ${UNIT}`],
  ],
  [
    'postinst',
    ['configure', '1.0.0.0'],
    'enabled',
    ['daemon-reload', IS_ENABLED, `--no-block restart ${UNIT}`],
  ],
  [
    'postinst',
    ['configure', '1.0.0.0'],
    'disabled',
    ['daemon-reload', IS_ENABLED, `--no-block try-restart ${UNIT}`],
  ],
  ['postinst', ['abort-remove'], 'enabled', [IS_ENABLED, `--no-block restart ${UNIT}`]],
  ['postinst', ['abort-upgrade', '2.0.0.0'], 'enabled', []],
  ['postinst', ['abort-deconfigure', 'in-favour', 'x', '1'], 'enabled', []],
  ['prerm', ['remove'], 'enabled', [`stop ${UNIT}`]],
  ['prerm', ['remove', 'in-favour', 'x', '1'], 'enabled', [`stop ${UNIT}`]],
  ['prerm', ['upgrade', '2.0.0.0'], 'enabled', []],
  ['prerm', ['failed-upgrade', '1.0.0.0', '2.0.0.0'], 'enabled', []],
  ['prerm', ['deconfigure', 'in-favour', 'x', '1'], 'enabled', []],
  ['postrm', ['remove'], 'enabled', ['daemon-reload']],
  ['postrm', ['purge'], 'enabled', ['daemon-reload', `reset-failed ${UNIT}`]],
  ['postrm', ['upgrade', '2.0.0.0'], 'enabled', []],
  ['postrm', ['failed-upgrade', '1.0.0.0', '2.0.0.0'], 'enabled', []],
  ['postrm', ['abort-install', '1.0.0.0', '2.0.0.0'], 'enabled', []],
  ['postrm', ['abort-upgrade', '1.0.0.0', '2.0.0.0'], 'enabled', []],
  ['postrm', ['disappear', 'other', '1'], 'enabled', []],
]

describe.skipIf(!hasMachine)('the maintainer scripts (needs root, busybox-static)', () => {
  it.each(ROWS)(
    '%s %j of a service that is %s tells systemd: %j',
    (script, words, state, calls) => {
      using machine = new Machine('systemd')
      if (state === 'enabled') machine.write('enabled', '')
      expect(call(machine, script, ...words)).toMatchObject({ status: 0 })
      expect(machine.calls()).toEqual(calls)
    },
  )

  it('may be called twice', () => {
    for (const [script, words] of ROWS) {
      using machine = new Machine('systemd')
      for (const time of ['first', 'second']) {
        const { status } = call(machine, script, ...words)
        expect([script, words, time, status]).toEqual([script, words, time, 0])
      }
    }
  })

  it('succeed although systemd fails', () => {
    for (const [script, words] of ROWS) {
      using machine = new Machine('systemd')
      machine.write('systemctl-fails', '')
      const { status } = call(machine, script, ...words)
      expect([script, words, status]).toEqual([script, words, 0])
    }
  })

  it('succeed without systemd', () => {
    for (const [script, words] of ROWS) {
      using machine = new Machine('none')
      const { status } = call(machine, script, ...words)
      expect([script, words, status]).toEqual([script, words, 0])
    }
  })

  it('remove ends a launcher that a person had started, and no other', (context) => {
    using machine = new Machine('none')
    machine.write('tmp/prerm', PRERM, 0o755)
    machine.write('tmp/run', "trap 'exit 0' TERM; while :; do sleep 0.1; done")
    machine.write('tmp/scenario', BY_HAND, 0o755)
    const { status, output } = machine.run(['/tmp/scenario'])
    if (status === 77) context.skip('needs the right to mount /proc in a chroot')
    expect(output).toBe('its launcher ended, another one runs\n')
  })

  it.each(Object.keys(SCRIPTS) as Script[])(
    '%s refuses a call that dpkg does not make',
    (script) => {
      using machine = new Machine('systemd')
      const { status, output } = call(machine, script, 'evil')
      expect(status).toBe(1)
      expect(output).toMatch(/unknown argument 'evil'/)
      expect(machine.calls()).toEqual([])
    },
  )

  it('starts nothing when policy-rc.d forbids it', () => {
    using machine = new Machine('systemd')
    machine.write('usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
    const { output } = call(machine, 'postinst', 'configure', '')
    expect(output).toMatch(/policy-rc\.d forbids it/)
    expect(machine.calls().filter((line) => /restart|start/.test(line))).toEqual([])
  })

  it('purges state, configuration and links, and nothing beside them', () => {
    using machine = new Machine('systemd')
    const wants = `etc/systemd/system/multi-user.target.wants/${UNIT}`
    const gone = ['var/lib/drydock-agent/a', 'etc/drydock-agent/b', 'opt/drydock-agent/c', wants]
    const kept = ['var/lib/other', 'etc/drydock-agent2/x', 'opt/other', `${wants}.other`]
    for (const path of [...gone, ...kept]) machine.write(path, '')
    call(machine, 'postrm', 'purge')
    expect(gone.filter((path) => machine.has(path))).toEqual([])
    expect(kept.filter((path) => !machine.has(path))).toEqual([])
  })
})

scriptsAreRead('the maintainer scripts as text', SCRIPTS)
