/**
 * The service on machines without systemd. One file for two worlds: an LSB script for sysvinit,
 * busybox init and their like, and, with its first line changed to `openrc-run`, an OpenRC service,
 * which reads the same functions and calls them itself. It does not restart what ends: the launcher
 * watches the agent.
 */
import { LAUNCHER_FILE, PROGRAM_FOLDER } from './layout.ts'
import { CLEAN_ENVIRONMENT } from './systemd-unit.ts'

export const INIT_SCRIPT = `\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          drydock-agent
# Required-Start:    $remote_fs
# Required-Stop:     $remote_fs
# Should-Start:      $network $syslog
# Should-Stop:       $network $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Drydock agent
# Description:       Keeps the Drydock agent and its program at the version chosen for this machine.
### END INIT INFO
# chkconfig: 2345 90 10
# description: Drydock agent
# Replaced by every installation.

description="Drydock agent"
program=/${PROGRAM_FOLDER}/${LAUNCHER_FILE}
pid_file=/run/drydock-agent.pid
[ -d /run ] || pid_file=/var/run/drydock-agent.pid

# For OpenRC.
depend() {
  need localmount
  use net logger
  after firewall
}

# Sets pid, when the agent runs. The number alone could be another process's by now.
agent_pid() {
  pid=
  [ -r "$pid_file" ] && read -r pid <"$pid_file" || return 1
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  kill -0 "$pid" 2>/dev/null || return 1
  [ -r "/proc/$pid/cmdline" ] || return 0
  tr '\\000' ' ' <"/proc/$pid/cmdline" | grep -F "$program" >/dev/null
}

# A clean environment: BUN_OPTIONS and BUN_BE_BUN would make the launcher run code that nobody
# signed.
launch='echo $$ >"$1.new" && mv -f "$1.new" "$1" && exec env -i ${CLEAN_ENVIRONMENT} "$2" run'
logged='sh -c "$3" sh "$1" "$2" 2>&1 | logger -t drydock-agent'
silent='sh -c "$3" sh "$1" "$2"'

start() {
  if agent_pid; then
    echo "drydock-agent runs already"
    return 0
  fi
  rm -f "$pid_file"
  if command -v logger >/dev/null 2>&1; then how=$logged; else how=$silent; fi
  # A session of its own, so that it outlives the terminal it was started from.
  if command -v setsid >/dev/null 2>&1; then apart=setsid; else apart=nohup; fi
  (
    cd / || exit 1
    umask 077
    $apart sh -c "$how" sh "$pid_file" "$program" "$launch" </dev/null >/dev/null 2>&1 &
  )
  sleep 1
  if agent_pid; then return 0; fi
  echo "drydock-agent did not start" >&2
  return 1
}

# The launcher stops the agent and its program in order; a program may have 300 s for it.
stop() {
  if agent_pid; then
    kill -TERM "$pid" 2>/dev/null
    left=330
    while agent_pid && [ "$left" -gt 0 ]; do
      sleep 1
      left=$((left - 1))
    done
    if agent_pid; then kill -KILL "$pid" 2>/dev/null; fi
  fi
  rm -f "$pid_file"
  return 0
}

status() {
  if agent_pid; then
    echo "drydock-agent runs as process $pid"
    return 0
  fi
  echo "drydock-agent is stopped"
  return 3
}

# OpenRC has read the functions and calls them itself.
if [ "\${RC_SVCNAME:-}" != drydock-agent ]; then
  case "\${1:-}" in
    start | stop | status) "$1" ;;
    restart | reload | force-reload)
      stop
      start
      ;;
    try-restart | condrestart)
      if agent_pid; then
        stop
        start
      fi
      ;;
    *)
      echo "Usage: $0 start|stop|restart|try-restart|status" >&2
      exit 2
      ;;
  esac
fi
`
