/**
 * What scripts on a Mac do with launchd, as shell functions. Each may be repeated, an interrupted
 * one too. A service that will not start never fails an installation: the agent's absence is seen
 * by the server, and an installation that is half-way undone would be worse.
 *
 * `$root` is empty, or the volume that is installed into while another one runs: then nothing of
 * the machine that runs is touched.
 *
 * The shell is bash 3.2 that was started as sh; only POSIX is used. The programs are named by their
 * places: an installer's path is its caller's.
 */
import { COMPONENT_IDS, DAEMON_FILE, LABEL } from './layout.ts'

/** Longer than launchd itself waits before it kills (`ExitTimeOut` of the daemon). */
const STOP_TRIES_MAX = 340
/** launchd may still be putting the old service away when it is asked to take the new one. */
const START_TRIES_MAX = 5

export const LAUNCHD_HEAD = `\
label=${LABEL}
daemon=/${DAEMON_FILE}

launchd_runs() {
  [ -z "$root" ] && [ -x /bin/launchctl ]
}

warn() {
  echo "drydock-agent: $1" >&2
}

is_loaded() {
  /bin/launchctl print "system/$label" >/dev/null 2>&1
}
`

export const STOP_DAEMON = `\
# bootout answers before the service has ended when that takes a while, and another one of its name
# is not taken until then.
stop_daemon() {
  is_loaded || return 0
  /bin/launchctl bootout "system/$label" >/dev/null 2>&1 || :
  tries=0
  while is_loaded; do
    if [ "$tries" -ge ${STOP_TRIES_MAX} ]; then
      warn "the service could not be stopped"
      return 1
    fi
    tries=$((tries + 1))
    sleep 1
  done
}
`

/** Comes after `STOP_DAEMON`. */
export const START_DAEMON = `\
# A service that the administrator has disabled stays so: launchd refuses to take it.
start_daemon() {
  tries=0
  until /bin/launchctl bootstrap system "$daemon" >/dev/null 2>&1; do
    is_loaded && return 0
    if is_disabled; then
      warn "the service is disabled, and stays so: sudo launchctl enable system/$label"
      return 0
    fi
    if [ "$tries" -ge ${START_TRIES_MAX} ]; then
      warn "the service could not be started: sudo launchctl bootstrap system $daemon"
      return 0
    fi
    tries=$((tries + 1))
    sleep 1
  done
}

is_disabled() {
  /bin/launchctl print-disabled system 2>/dev/null |
    grep -E "\\"$label\\" => (true|disabled)" >/dev/null
}
`

export const FORGET_RECEIPTS = `\
# The installer would take what it remembers for what is there.
forget_receipts() {
  [ -x /usr/sbin/pkgutil ] || return 0
  for id in ${Object.values(COMPONENT_IDS).join(' ')}; do
    /usr/sbin/pkgutil --volume "\${root:-/}" --forget "$id" >/dev/null 2>&1 || :
  done
}
`
