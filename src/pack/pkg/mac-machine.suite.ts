/**
 * As much of a Mac as the scripts of a package see: a folder with the shells of the field, a
 * launchctl and a pkgutil that remember what they were told.
 */
import { Machine } from '../linux/chroot.suite.ts'

/**
 * `/loaded`: launchd has the service; `/lingers`: so many times more it is still being put away;
 * `/disabled`, `/refuses`: what it says.
 */
const LAUNCHCTL = `\
#!/bin/busybox sh
echo "$*" >>/calls
case $1 in
  print)
    [ ! -e /loaded ] || exit 0
    read -r left </lingers 2>/dev/null || exit 113
    [ "$left" -gt 0 ] || exit 113
    echo $((left - 1)) >/lingers
    ;;
  print-disabled) [ ! -e /disabled ] || echo '	"example.drydock.agent" => disabled' ;;
  bootout) rm -f /loaded ;;
  bootstrap)
    [ ! -e /disabled ] || exit 119
    [ ! -e /refuses ] || exit 5
    [ ! -e /loaded ] || exit 37
    : >/loaded
    ;;
esac
`

/** A receipt is a file with the version in it. */
const PKGUTIL = `\
#!/bin/busybox sh
[ "$1" = --volume ] || exit 64
receipt=\${2%/}/receipts/$4
[ -e "$receipt" ] || exit 1
case $3 in
  --pkg-info) printf 'package-id: %s\\nversion: %s\\nvolume: %s\\n' "$4" "$(cat "$receipt")" "$2" ;;
  --forget) rm "$receipt" ;;
esac
`

const SLEEP = '#!/bin/busybox sh\necho "sleep $*" >>/calls\n'

export const PROGRAM = 'opt/drydock-agent'
export const RECEIPTS = ['x64', 'arm64', 'config'].map(
  (id) => `receipts/example.drydock.agent.${id}`,
)

/** dash and bash read `sleep` from the path; busybox has its own, which takes its time. */
export const SHELLS = ['/bin/dash', '/bin/bash', '/bin/busybox sh'] as const

export class Mac extends Machine {
  constructor() {
    super('none')
    for (const shell of ['/bin/dash', '/bin/bash']) this.addProgram(shell)
    this.write('bin/launchctl', LAUNCHCTL, 0o755)
    this.write('usr/sbin/pkgutil', PKGUTIL, 0o755)
    this.write('bin/sleep', SLEEP, 0o755)
  }

  /** Runs a script as the installer does: package, destination, volume. */
  install(shell: string, script: string, volume = '/') {
    this.write('tmp/script', script, 0o755)
    return this.run([...shell.split(' '), '/tmp/script', '/tmp/it.pkg', volume, volume])
  }

  putAgent(volume = ''): void {
    this.write(`${volume}${PROGRAM}/drydock-agent`, '#!/bin/busybox sh\nexit 0\n', 0o755)
    this.write(`${volume}${PROGRAM}/seed/agent.mjs`, 'old')
  }
}
