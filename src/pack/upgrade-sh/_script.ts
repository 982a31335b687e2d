/**
 * The upgrade script: everything that can be refused is refused before anything is changed, and
 * what is changed is the seed alone (and, with `--rehome`, the enrolment). The launcher that is
 * there adopts the new seed as it would one of a newer package: on probation, and back if it does
 * not prove itself.
 */
import { FIND_SELF, HOLD_FOLDER, SAYING, STRICT_MODE, UNPACK } from '../self-extracting/shell.ts'

const HEAD = `\
#!/bin/sh
# Moves an installed Drydock agent to version @VERSION@. Run with --help.
# The archive begins after the last line; nothing is done before the whole script was read.
${STRICT_MODE}
version=@VERSION@
builds='@BUILDS@'
script_size=@SCRIPT_SIZE@
archive_at=@ARCHIVE_AT@
sums_digest=@SUMS_DIGEST@
needed_kib=@NEEDED_KIB@
system=@SYSTEM@
default_program=/@PROGRAM_FOLDER@
state_folder=/@STATE_FOLDER@
command_link=/@COMMAND_LINK@

action=upgrade
restart=yes
rehome=no
root=
below_root=no

${SAYING}
`

const OPTIONS = `\
show_help() {
  cat <<'END'
Moves the Drydock agent that is installed here to version @VERSION@, without a server.
Holds builds for: @BUILDS@

  --rehome         the agent belongs to another server: enrol with the one this file is from
  --root DIR       the agent lies below DIR; needs no root and touches no service
  --no-restart     leave the running agent alone: it takes the version when it is next started
  --check          verify this file and change nothing
  --list           list what this file holds
  --version, --help

The agent keeps its identity, its configuration and its launcher. It tries the version as it does
one from its server: what does not prove itself is left again, see drydock-agent status.
Exit codes: 0 done, or nothing to do; 1 not done; 2 wrong options; 3 done, but the service was not
restarted; 4 no agent is installed here.
END
}

read_options() {
  while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
      --root=*) read_root "\${option#*=}" ;;
      --root)
        [ $# -gt 0 ] || fail "$option needs a value" 2
        read_root "$1"
        shift
        ;;
      --) ;;
      --rehome) rehome=yes ;;
      --no-restart) restart=no ;;
      --check | --list | --version | --help) action=\${option#--} ;;
      -h) action=help ;;
      *) fail "unknown option '$option': see --help" 2 ;;
    esac
  done
}

read_root() {
  case $1 in '' | --*) fail "--root needs a value" 2 ;; esac
  root=$1
  below_root=yes
}
`

const CHECKS = `\
check_machine() {
  [ "$below_root" = yes ] || [ "$(id -u)" = 0 ] || fail "must be run as root, or with --root DIR"
  [ "$(uname -s)" = "$system" ] || fail "this file is for $system"
  find_build
  case " $builds " in
    *" $build "*) ;;
    *) fail "this file holds builds for $builds, and this machine needs $build" ;;
  esac
}

# Sets root, program and target, which is both together.
find_agent() {
  if [ "$below_root" = yes ]; then
    root=$(cd "$root" 2>/dev/null && pwd -P) || fail "the folder of --root is not there"
    [ "$root" != / ] || root=
  fi
  program=$(linked_program)
  program=\${program:-$default_program}
  target=$root$program
  owner=
  if [ -r "$target/installed-by" ]; then read -r owner <"$target/installed-by" || :; fi
  if [ -z "$owner" ] || [ ! -x "$target/drydock-agent" ] || [ ! -f "$target/enrolment.json" ]; then
    fail "no Drydock agent is installed in $target: install one with a standalone package" 4
  fi
  [ "$owner" != oci ] || fail "this agent runs from an image: run a newer image"
}

# Where the command that people call leads to; empty when it leads nowhere of ours.
linked_program() {
  linked=$(readlink "$root$command_link") || return 0
  linked=\${linked%/drydock-agent}
  case $linked in /*) ;; *) return 0 ;; esac
  case $linked in *[!0-9A-Za-z/._-]*) return 0 ;; esac
  [ -e "$root$linked/installed-by" ] || return 0
  printf %s "$linked"
}

# Sets nothing_to_do where this version runs already. What cannot be read, the launcher judges.
check_version() {
  nothing_to_do=no
  running=
  slots=$root$state_folder/slots.json
  if [ -r "$slots" ]; then
    running=$(tr -d ' \\t\\r\\n' <"$slots" |
      sed -n 's/.*"active":{[^}]*"version":"\\([0-9.]*\\)".*/\\1/p')
  fi
  [ -n "$running" ] || return 0
  case $(compare_versions "$running" "$version") in
    newer) fail "the agent here has version $running, which is newer than $version" ;;
    same) [ "$rehome" = yes ] || nothing_to_do=yes ;;
  esac
}

# What $1 is beside $2.
compare_versions() {
  printf '%s %s\\n' "$1" "$2" | awk '{
    split($1, left, ".")
    split($2, right, ".")
    for (i = 1; i <= 4; i++) {
      if (left[i] + 0 > right[i] + 0) { print "newer"; exit }
      if (left[i] + 0 < right[i] + 0) { print "older"; exit }
    }
    print "same"
  }'
}

# The agent takes only what a key signed that it was installed with.
check_home() {
  [ "$rehome" = no ] || return 0
  for key in $(sed -n 's/.*"key_id": *"\\([0-9a-f]*\\)".*/\\1/p' "$work/$build/rehome.json"); do
    if grep -F "$key" "$target/enrolment.json" >/dev/null; then return 0; fi
  done
  home=$(sed -n 's/.*"server_url": *"\\([^"]*\\)".*/\\1/p' "$target/enrolment.json")
  fail "the agent here belongs to \${home:-another server}: --rehome enrols it with the other one"
}

check_space() {
  free=$(df -Pk "$target" 2>/dev/null | awk 'NR == 2 { print $4 }')
  # A file system that does not say is tried.
  case $free in '' | *[!0-9]*) return 0 ;; esac
  [ "$free" -ge "$needed_kib" ] ||
    fail "not enough space in $target: $needed_kib KiB are needed and $free KiB are free"
}

check_archive() {
  work=$(mktemp -d "\${TMPDIR:-/tmp}/drydock-agent.XXXXXX") ||
    fail "no temporary folder can be made"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  unpack "$work"
  say "this file is whole: $version for $builds"
}
`

const PLACING = `\
upgrade_agent() {
  check_machine
  find_agent
  check_version
  if [ "$nothing_to_do" = yes ]; then
    say "the agent here has version $version already"
    return 0
  fi
  check_space
  take_lock
  unpack "$work" "$build"
  check_home
  # What the power takes must not be what a rename has already named.
  sync
  trap '' HUP INT TERM
  place_version
  trap - EXIT
  rm -rf "$work"
  say "version $version lies in $target for the agent to take"
  [ "$below_root" = yes ] || [ "$restart" = no ] || restart_agent ||
    fail "the service was not restarted: the agent takes the version when it is started" 3
}

${HOLD_FOLDER}
take_lock() {
  [ ! -d "$target/.installing" ] || fail "an installation is under way in $target, or was killed"
  work=$target/.upgrading
  hold_folder upgrade
  trap 'keep_seed; rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  say_holder
}

# The seed first: an agent that trusts the other server's keys alone would find nothing to run.
place_version() {
  if [ -e "$target/seed" ]; then mv "$target/seed" "$work/old-seed"; fi
  mv "$work/$build/seed" "$target/seed"
  [ "$rehome" = no ] || mv -f "$work/$build/rehome.json" "$target/enrolment.json"
  if [ "$below_root" = no ] && has restorecon; then
    # Best effort: without the right labels SELinux would refuse what was moved here.
    restorecon -RF "$target" >/dev/null 2>&1 || :
  fi
}
`

const MAIN = `\
main() {
  read_options "$@"
  case $action in
    help) show_help ;;
    version) printf '%s\\n' "$version" ;;
    *)
      find_self
      case $action in
        list) archive | tar -tzf - ;;
        check) check_archive ;;
        upgrade) upgrade_agent ;;
      esac
      ;;
  esac
}

main "$@"; exit $?
`

/** `machine` has the shell functions `find_build`, which sets `build`, and `restart_agent`. */
export function upgradeScript(machine: string): string {
  return [HEAD, OPTIONS, FIND_SELF, CHECKS, UNPACK, PLACING, machine, MAIN].join('\n')
}
