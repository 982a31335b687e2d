/**
 * The maintainer scripts (Debian Policy, chapter 6). dpkg calls them again after any interruption,
 * so each step may be repeated. A service that will not start never fails the installation: a
 * broken package database would be worse, and the agent's absence is seen by the server. There is
 * no preinst: nothing has to be known or stopped before the files are replaced, because a running
 * launcher keeps the file it was started from.
 *
 * `dpkg --root` gives DPKG_ROOT when it runs them outside a chroot: then the tree below it is
 * changed, and no service of the machine that dpkg runs on is touched.
 */
import { CONFIG_FOLDER, PROGRAM_FOLDER, STATE_FOLDER, UNIT_FILE } from '../linux/layout.ts'

const HEAD = `\
#!/bin/sh
set -e

root="\${DPKG_ROOT:-}"
unit=drydock-agent.service

systemd_runs() {
  [ -z "$root" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1
}

warn() {
  echo "drydock-agent: $1" >&2
}
`

const UNKNOWN_CALL = `\
  *)
    echo "drydock-agent: $0 called with unknown argument '$1'" >&2
    exit 1
    ;;
esac

exit 0
`

export const POSTINST = `${HEAD}
# At the first installation only. Later the administrator's choice stands: a service disabled since
# stays so, also after "remove" (which keeps the link) and another installation.
enable_service() {
  if [ -z "$root" ] && command -v systemctl >/dev/null 2>&1; then
    systemctl --quiet enable "$unit" || warn "the service could not be enabled"
    return 0
  fi
  # What "enable" does, for a tree that no systemd of its own can be asked about.
  wants="$root/etc/systemd/system/multi-user.target.wants"
  mkdir -p "$wants" && ln -sf /${UNIT_FILE} "$wants/$unit" ||
    warn "the service could not be enabled"
}

# An administrator may forbid services to be started by packages (images, maintenance): exit 101
# says so.
starting_allowed() {
  [ -x /usr/sbin/policy-rc.d ] || return 0
  answer=0
  /usr/sbin/policy-rc.d drydock-agent "$1" >/dev/null 2>&1 || answer=$?
  [ "$answer" -ne 101 ]
}

# Without waiting: the old agent's program may take minutes to stop, and dpkg holds its lock
# meanwhile.
start_service() {
  action=try-restart
  if systemctl --quiet is-enabled "$unit" 2>/dev/null; then action=restart; fi
  if starting_allowed "$action"; then
    systemctl --no-block "$action" "$unit" || warn "the service could not be started"
  else
    warn "the service was not started, because policy-rc.d forbids it"
  fi
}

# This package now owns what a self-extracting installer had put here.
take_over() {
  [ -e "$root/${PROGRAM_FOLDER}/uninstall.sh" ] || return 0
  rm -f "$root/etc/init.d/drydock-agent"
  rm -rf "$root/${PROGRAM_FOLDER}/.installing"
  rm -f "$root/${PROGRAM_FOLDER}/uninstall.sh"
}

case "$1" in
  configure)
    take_over
    [ -n "$2" ] || enable_service
    if systemd_runs; then
      systemctl daemon-reload || warn "systemd could not be reloaded"
      start_service
    elif [ -z "$root" ]; then
      warn "systemd is not running here: start /${PROGRAM_FOLDER}/drydock-agent run yourself"
    fi
    ;;
  abort-remove)
    # prerm had stopped it, and the package stays.
    if systemd_runs; then start_service; fi
    ;;
  abort-upgrade | abort-deconfigure) ;;
${UNKNOWN_CALL}`

export const PRERM = `${HEAD}
# Launchers that run from this very file, by their pids. Its path alone would also name those of
# containers, which have files of their own.
launchers() {
  for folder in /proc/[0-9]*; do
    [ "$folder/exe" -ef "/${PROGRAM_FOLDER}/drydock-agent" ] || continue
    case $(tr '\\0' ' ' <"$folder/cmdline" 2>/dev/null) in
      *" run "*) echo "\${folder#/proc/}" ;;
    esac
  done
}

# Without a service manager a person has started it, and it would run on without its files.
stop_launchers() {
  tries=0
  while pids=$(launchers) && [ -n "$pids" ]; do
    # Once: a second signal tells it nothing new.
    [ "$tries" -gt 0 ] || kill $pids 2>/dev/null || :
    if [ "$tries" -ge 15 ]; then
      warn "it still runs, as $(echo $pids): end it yourself"
      break
    fi
    tries=$((tries + 1))
    sleep 1
  done
}

case "$1" in
  remove)
    if systemd_runs; then
      systemctl stop "$unit" || warn "the service could not be stopped"
    elif [ -z "$root" ]; then
      stop_launchers
    fi
    ;;
  # The old agent runs on until the new one is configured.
  upgrade | failed-upgrade | deconfigure) ;;
${UNKNOWN_CALL}`

export const POSTRM = `${HEAD}
case "$1" in
  remove)
    # State, configuration and the enabled link are kept for the next installation.
    if systemd_runs; then systemctl daemon-reload || warn "systemd could not be reloaded"; fi
    ;;
  purge)
    rm -rf "$root/${STATE_FOLDER}" "$root/${CONFIG_FOLDER}" "$root/${PROGRAM_FOLDER}"
    rm -f "$root/etc/systemd/system/"*.wants/"$unit"
    if systemd_runs; then
      systemctl daemon-reload || warn "systemd could not be reloaded"
      # A failed service would be listed for ever.
      systemctl reset-failed "$unit" >/dev/null 2>&1 || :
    fi
    ;;
  upgrade | failed-upgrade | abort-install | abort-upgrade | disappear) ;;
${UNKNOWN_CALL}`
