/**
 * `uninstall.sh`, which the installer puts beside the launcher. It removes what it knows and leaves
 * what it does not, keeps configuration and state unless told to purge, and itself goes last: after
 * any interruption it is still there to be run again.
 */
import {
  COMMAND_LINK,
  CONFIG_FOLDER,
  LAUNCHER_FILE,
  PROGRAM_FOLDER,
  STATE_FOLDER,
  UNIT_FILE,
} from '../linux/layout.ts'

export const UNINSTALLER_FILE = 'uninstall.sh'

export const UNINSTALLER = `\
#!/bin/sh
# Removes the Drydock agent that a self-extracting installer put here. Run with --help.
set -eu
LC_ALL=C
export LC_ALL
PATH=/usr/sbin:/usr/bin:/sbin:/bin\${PATH:+:$PATH}
unset CDPATH || :

# The installer writes the folder of --install-path here.
program=/${PROGRAM_FOLDER}
root=
below_root=no
purge=no

fail() {
  printf 'drydock-agent: %s\\n' "$1" >&2
  exit "\${2:-1}"
}

while [ $# -gt 0 ]; do
  case $1 in
    --) ;;
    --purge) purge=yes ;;
    --root | --root=*)
      case $1 in
        --root=*) root=\${1#*=} ;;
        *)
          [ $# -gt 1 ] || fail "--root needs a value" 2
          shift
          root=$1
          ;;
      esac
      below_root=yes
      ;;
    --help | -h)
      echo "Usage: uninstall.sh [--purge] [--root DIR]"
      echo "Stops and removes the Drydock agent; --purge removes its configuration and state, too."
      echo "--root DIR: the installation lies below DIR; no service is touched."
      exit 0
      ;;
    *) fail "unknown option '$1': see --help" 2 ;;
  esac
  shift
done

if [ "$below_root" = yes ]; then
  root=$(cd "$root" 2>/dev/null && pwd -P) || fail "there is no folder for --root" 2
  [ "$root" != / ] || root=
else
  [ "$(id -u)" = 0 ] || fail "must be run as root, or with --root DIR"
fi
here=$(cd "$(dirname "$0")" && pwd -P)
there=$(cd "$root$program" 2>/dev/null && pwd -P) || there="$root$program"
[ "$here" = "$there" ] ||
  fail "this uninstaller lies in $here and not in $there: give the --root it was installed with"

has() {
  command -v "$1" >/dev/null 2>&1
}

# Best effort: a service manager that answers "no" must not keep the files here.
remove_service() {
  if [ -d /run/systemd/system ] && has systemctl; then
    systemctl stop drydock-agent.service || :
    systemctl --quiet disable drydock-agent.service || :
  fi
  if [ -x /etc/init.d/drydock-agent ]; then
    if [ -x /sbin/openrc-run ] && has rc-service; then
      rc-service drydock-agent stop || :
    else
      /etc/init.d/drydock-agent stop || :
    fi
    if has rc-update; then rc-update del drydock-agent || :; fi
    if has chkconfig; then chkconfig --del drydock-agent || :; fi
  fi
}

[ "$below_root" = yes ] || remove_service
for unit in "$root/${UNIT_FILE}" "$root/etc/systemd/system/drydock-agent.service"; do
  # A mask is a link and the administrator's; a copy of other content is not ours.
  if [ ! -L "$unit" ] && grep -F "$program/" "$unit" >/dev/null 2>&1; then rm -f "$unit"; fi
done
rm -f "$root/etc/systemd/system/"*.wants/drydock-agent.service "$root/etc/init.d/drydock-agent"
if [ "$below_root" = no ]; then
  # update-rc.d removes its links only once the script is gone.
  if has update-rc.d; then update-rc.d drydock-agent remove || :; fi
  if [ -d /run/systemd/system ] && has systemctl; then
    systemctl daemon-reload || :
    systemctl reset-failed drydock-agent.service 2>/dev/null || :
  fi
fi

link="$root/${COMMAND_LINK}"
if [ "$(readlink "$link" || :)" = "$program/${LAUNCHER_FILE}" ]; then rm -f "$link"; fi

if [ "$purge" = yes ]; then rm -rf "$root/${CONFIG_FOLDER}" "$root/${STATE_FOLDER}"; fi

cd /
for name in ${LAUNCHER_FILE} seed .installing enrolment.json installed-by ${UNINSTALLER_FILE}; do
  rm -rf "$there/$name"
done
rmdir "$there" 2>/dev/null || printf 'drydock-agent: %s holds other files and stays\\n' "$there"
if [ "$purge" = yes ]; then
  echo "drydock-agent: removed, with its configuration and state"
else
  echo "drydock-agent: removed; kept for another installation (with --purge they would have gone):"
  echo "  $root/${CONFIG_FOLDER}"
  echo "  $root/${STATE_FOLDER}"
fi
exit 0
`
