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
  printf 'drydock-agent: %s\n' "$1" >&2
  exit "${2:-1}"
}

while [ $# -gt 0 ]; do
  case $1 in
    --) ;;
    --purge) purge=yes ;;
    --root=*)
      root=${1#*=}
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
program=$root/opt/drydock-agent
here=$(cd "$(dirname "$0")" && pwd -P)
there=$(cd "$program" 2>/dev/null && pwd -P) || there=$program
[ "$here" = "$there" ] ||
  fail "this uninstaller lies in $here and not in $there: give the --root it was installed with"

label=example.drydock.agent
daemon=/Library/LaunchDaemons/example.drydock.agent.plist

launchd_runs() {
  [ -z "$root" ] && [ -x /bin/launchctl ]
}

warn() {
  echo "drydock-agent: $1" >&2
}

is_loaded() {
  /bin/launchctl print "system/$label" >/dev/null 2>&1
}

# bootout answers before the service has ended when that takes a while, and another one of its name
# is not taken until then.
stop_daemon() {
  is_loaded || return 0
  /bin/launchctl bootout "system/$label" >/dev/null 2>&1 || :
  tries=0
  while is_loaded; do
    if [ "$tries" -ge 340 ]; then
      warn "the service could not be stopped"
      return 1
    fi
    tries=$((tries + 1))
    sleep 1
  done
}

# The installer would take what it remembers for what is there.
forget_receipts() {
  [ -x /usr/sbin/pkgutil ] || return 0
  for id in example.drydock.agent.x64 example.drydock.agent.arm64 example.drydock.agent.config; do
    /usr/sbin/pkgutil --volume "${root:-/}" --forget "$id" >/dev/null 2>&1 || :
  done
}

# What cannot be stopped loses its files all the same: a Mac that is to be rid of it stays usable.
if launchd_runs; then stop_daemon || :; fi
rm -f "$root/Library/LaunchDaemons/example.drydock.agent.plist" "$root/private/etc/paths.d/drydock-agent"

if [ "$purge" = yes ]; then
  rm -rf "$root/etc/drydock-agent" "$root/var/db/drydock-agent"
fi
forget_receipts

cd /
for name in drydock-agent seed .upgrading enrolment.json installed-by uninstall.sh; do
  rm -rf "$there/$name"
done
rmdir "$there" 2>/dev/null || printf 'drydock-agent: %s holds other files and stays\n' "$there"
if [ "$purge" = yes ]; then
  echo "drydock-agent: removed, with its configuration and state"
else
  echo "drydock-agent: removed; kept for another installation (with --purge they would have gone):"
  echo "  $root/etc/drydock-agent"
  echo "  $root/var/db/drydock-agent"
fi
exit 0
