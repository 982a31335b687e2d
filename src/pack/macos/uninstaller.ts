/**
 * `uninstall.sh`, which lies beside the launcher on a Mac: the installer of macOS takes nothing
 * back. It removes what it knows and leaves what it does not, keeps configuration and state unless
 * told to purge, and itself goes last: after any interruption it is still there to be run again.
 */
import {
  CONFIG_FOLDER,
  DAEMON_FILE,
  LAUNCHER_FILE,
  PATHS_FILE,
  PROGRAM_FOLDER,
  STATE_FOLDER,
  UNINSTALLER_FILE,
} from './layout.ts'
import { FORGET_RECEIPTS, LAUNCHD_HEAD, STOP_DAEMON } from './service-scripts.ts'

export const UNINSTALLER = `\
#!/bin/sh
# Removes the Drydock agent from this Mac. Run with --help.
set -eu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH
LC_ALL=C
export LC_ALL
unset CDPATH || :

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
    --root=*)
      root=\${1#*=}
      below_root=yes
      ;;
    --root)
      [ $# -gt 1 ] || fail "--root needs a value" 2
      shift
      root=$1
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
  root=$(cd "$root" 2>/dev/null && pwd -P) || fail "there is no folder for --root"
  [ "$root" != / ] || root=
fi
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "must be run as root: try with sudo"
program=$root/${PROGRAM_FOLDER}
here=$(cd "$(dirname "$0")" && pwd -P)
there=$(cd "$program" 2>/dev/null && pwd -P) || there=$program
[ "$here" = "$there" ] ||
  fail "this uninstaller lies in $here and not in $there: give the --root it was installed with"

${LAUNCHD_HEAD}
${STOP_DAEMON}
${FORGET_RECEIPTS}
# What cannot be stopped loses its files all the same: a Mac that is to be rid of it stays usable.
if launchd_runs; then stop_daemon || :; fi
rm -f "$root/${DAEMON_FILE}" "$root/${PATHS_FILE}"

if [ "$purge" = yes ]; then
  rm -rf "$root/${CONFIG_FOLDER}" "$root/${STATE_FOLDER}"
fi
forget_receipts

cd /
for name in ${LAUNCHER_FILE} seed .upgrading enrolment.json installed-by ${UNINSTALLER_FILE}; do
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
