/**
 * The second part of the installer: everything that can be refused is refused before anything is
 * changed.
 */

import { COMMAND_LINK, CONFIG_FILE, LAUNCHER_FILE, PROGRAM_FOLDER } from '../linux/layout.ts'
import { FIND_SELF, UNPACK } from '../self-extracting/shell.ts'

export const CHECKS_PART = `
${FIND_SELF}
check_machine() {
  [ "$below_root" = yes ] || [ "$(id -u)" = 0 ] || fail "must be run as root, or with --root DIR"
  [ "$(uname -s)" = Linux ] || fail "this installer is for Linux"
  machine=$(uname -m)
  case " $machines " in
    *" $machine "*) ;;
    *) fail "this installer is for $target_name, and this machine is $machine" ;;
  esac
  [ -e "$loader" ] ||
    fail "this installer is for $target_name, whose C library is not here ($loader is missing)"
}

# Sets root, program and target, which is both together.
find_target() {
  if [ "$below_root" = yes ]; then
    case $root in /*) ;; *) root=./$root ;; esac
    mkdir -p "$root" || fail "the folder of --root cannot be made"
    root=$(cd "$root" && pwd -P)
    [ "$root" != / ] || root=
  fi
  earlier=$(earlier_program)
  program=\${program:-\${earlier:-/${PROGRAM_FOLDER}}}
  if [ -n "$earlier" ] && [ "$earlier" != "$program" ]; then
    fail "the agent is installed in $earlier: run uninstall.sh there first"
  fi
  target=$root$program
}

# Where an earlier run of this installer put the agent; empty when there was none.
earlier_program() {
  earlier=$(readlink "$root/${COMMAND_LINK}") || return 0
  earlier=\${earlier%/${LAUNCHER_FILE}}
  case $earlier in /*) ;; *) return 0 ;; esac
  case $earlier in *[!0-9A-Za-z/._-]*) return 0 ;; esac
  [ -e "$root$earlier/installed-by" ] || return 0
  printf %s "$earlier"
}

check_target() {
  if [ -e "$target/installed-by" ]; then
    read -r owner <"$target/installed-by" || :
    [ "$owner" = sh ] ||
      fail "the agent here belongs to a $owner package: upgrade that, or remove it first"
  elif [ -d "$target" ] && [ ! -d "$target/.installing" ]; then
    [ -z "$(ls -A "$target")" ] || fail "$target exists and holds something else"
  elif [ -e "$target" ] && [ ! -d "$target" ]; then
    fail "$target exists and is no folder"
  fi
}

check_space() {
  folder=$target
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free=$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')
  # A file system that does not say is tried.
  case $free in '' | *[!0-9]*) return 0 ;; esac
  [ "$free" -ge "$needed_kib" ] ||
    fail "not enough space in $folder: $needed_kib KiB are needed and $free KiB are free"
}

# Sets config_text to what agent.json will hold; empty: leave it. A list that is not given anew is
# kept.
plan_config() {
  config=$root/${CONFIG_FILE}
  config_text=
  old_proxies=
  old_tags=
  if [ -e "$config" ]; then
    [ -n "$proxies$tags" ] || return 0
    if grep -Ev '^([{][}]?|[}]|  "(proxy|endpoint_tags)": [[].*[]],?)$' "$config" >/dev/null; then
      [ -n "$proxies" ] && [ -n "$tags" ] ||
        fail "$config was written by hand: edit it there, or give both --proxy and --endpoint-tags"
      config_is_foreign=yes
    else
      old_proxies=$(sed -n 's/^  "proxy": [[]\\(.*\\)[]],\\{0,1\\}$/\\1/p' "$config")
      old_tags=$(sed -n 's/^  "endpoint_tags": [[]\\(.*\\)[]],\\{0,1\\}$/\\1/p' "$config")
    fi
  fi
  proxies=\${proxies:-$old_proxies}
  tags=\${tags:-$old_tags}
  config_text='{}'
  if [ -n "$proxies$tags" ]; then
    config_text="{\${proxies:+
  \\"proxy\\": [$proxies]}\${proxies:+\${tags:+,}}\${tags:+
  \\"endpoint_tags\\": [$tags]}
}"
  fi
}

${UNPACK}
check_archive() {
  work=$(mktemp -d "\${TMPDIR:-/tmp}/drydock-agent.XXXXXX") ||
    fail "no temporary folder can be made"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  unpack "$work"
  say "this file is whole: $version for $target_name"
}
`
