/**
 * The maintainer scripts (Debian Policy, chapter 6). dpkg calls them again after any interruption,
 * so each step may be repeated. There is no preinst: nothing has to be known or stopped before the
 * files are replaced, because a running launcher keeps the file it was started from.
 *
 * `dpkg --root` gives DPKG_ROOT when it runs them outside a chroot.
 */
import { CONFIG_FOLDER, PROGRAM_FOLDER, STATE_FOLDER } from '../linux/layout.ts'
import {
  ENABLE_SERVICE,
  REMOVE_SEED,
  SERVICE_HEAD,
  START_SERVICE,
  STOP_LAUNCHERS,
  TAKE_OVER,
} from '../linux/service-scripts.ts'

const HEAD = `\
#!/bin/sh
set -e

root="\${DPKG_ROOT:-}"
${SERVICE_HEAD}`

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
${ENABLE_SERVICE}
${START_SERVICE}
# An administrator may forbid services to be started by packages (images, maintenance): exit 101
# says so.
starting_allowed() {
  [ -x /usr/sbin/policy-rc.d ] || return 0
  answer=0
  /usr/sbin/policy-rc.d drydock-agent restart >/dev/null 2>&1 || answer=$?
  [ "$answer" -ne 101 ]
}

start_where_allowed() {
  if starting_allowed; then
    start_service
  else
    warn "the service was not started, because policy-rc.d forbids it"
  fi
}

${TAKE_OVER}
case "$1" in
  configure)
    take_over
    [ -n "$2" ] || enable_service
    if systemd_runs; then
      systemctl daemon-reload || warn "systemd could not be reloaded"
      start_where_allowed
    elif [ -z "$root" ]; then
      not_started
    fi
    ;;
  abort-remove)
    # prerm had stopped it, and the package stays.
    if systemd_runs; then start_where_allowed; fi
    ;;
  abort-upgrade | abort-deconfigure) ;;
${UNKNOWN_CALL}`

export const PRERM = `${HEAD}
${STOP_LAUNCHERS}
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
${REMOVE_SEED}
case "$1" in
  remove)
    # State, configuration and the enabled link are kept for the next installation.
    remove_seed
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
