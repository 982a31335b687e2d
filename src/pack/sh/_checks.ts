/**
 * The second part of the installer: everything that can be refused is refused before anything is
 * changed.
 */
import { COMMAND_LINK, CONFIG_FILE, LAUNCHER_FILE, PROGRAM_FOLDER } from '../linux/layout.ts'

export const CHECKS_PART = `
# Sets self. A script that comes through a pipe has no archive to read.
find_self() {
  self=$0
  case $self in /*) ;; *) self=./$self ;; esac
  [ -f "$self" ] || fail "save this installer as a file and run that file"
  for tool in awk df od sed tail tar tr wc; do
    has "$tool" || fail "the command $tool is missing here"
  done
  size=$(($(wc -c <"$self")))
  [ "$size" -eq "$script_size" ] ||
    fail "this file is damaged or incomplete: $size bytes instead of $script_size"
}

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

archive() {
  tail -c +"$archive_at" "$self"
}

# Unpacks the archive into the folder $1 and verifies every file of it.
unpack() {
  archive | tar -xzpof - -C "$1" || fail "the archive could not be unpacked into $1"
  tool=
  if has sha256sum; then
    tool=sha256sum
  elif busybox sha256sum </dev/null >/dev/null 2>&1; then
    tool='busybox sha256sum'
  fi
  if [ -n "$tool" ]; then
    # shellcheck disable=SC2086
    found=$($tool <"$1/SHA256SUMS")
    [ "\${found%% *}" = "$sums_digest" ] || fail "the list of checksums is damaged"
    # shellcheck disable=SC2086
    (cd "$1" && $tool -c SHA256SUMS >/dev/null) || fail "a file of the archive is damaged"
  elif has openssl; then
    [ "$(openssl_digest "$1/SHA256SUMS")" = "$sums_digest" ] ||
      fail "the list of checksums is damaged"
    while IFS= read -r line; do
      [ "$(openssl_digest "$1/\${line#*  }")" = "\${line%%  *}" ] ||
        fail "\${line#*  } of the archive is damaged"
    done <"$1/SHA256SUMS"
  else
    say "no tool for SHA-256 is here: the archive's CRC-32 alone was checked"
  fi
}

openssl_digest() {
  openssl dgst -sha256 <"$1" | sed 's/.* //'
}

check_archive() {
  work=$(mktemp -d "\${TMPDIR:-/tmp}/drydock-agent.XXXXXX") ||
    fail "no temporary folder can be made"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  unpack "$work"
  say "this file is whole: $version for $target_name"
}
`
