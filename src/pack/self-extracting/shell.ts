/**
 * What self-extracting scripts have in common, as shell functions. They run in dash, bash, busybox
 * and their like, and read `script_size`, `archive_at` and `sums_digest` of their script: see
 * `script.ts`.
 */

/** Before anything else is done. */
export const STRICT_MODE = `\
set -eu
LC_ALL=C
export LC_ALL
# First the system's own tools, whatever the caller's path says.
PATH=/usr/sbin:/usr/bin:/sbin:/bin\${PATH:+:$PATH}
unset CDPATH GZIP TAR_OPTIONS POSIXLY_CORRECT || :
umask 022
`

export const SAYING = `\
say() {
  printf 'drydock-agent: %s\\n' "$1"
}

fail() {
  printf 'drydock-agent: %s\\n' "$1" >&2
  exit "\${2:-1}"
}

has() {
  command -v "$1" >/dev/null 2>&1
}
`

export const FIND_SELF = `\
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
`

/** The archive's first file lists the digest of every other. */
export const UNPACK = `\
archive() {
  tail -c +"$archive_at" "$self"
}

# Unpacks the archive into the folder $1 and verifies every file of it; with a second word only its
# folder of that name.
unpack() {
  # shellcheck disable=SC2086
  archive | tar -xzpof - -C "$1" \${2:+SHA256SUMS $2} ||
    fail "the archive could not be unpacked into $1"
  tool=
  if has sha256sum; then
    tool=sha256sum
  elif busybox sha256sum </dev/null >/dev/null 2>&1; then
    tool='busybox sha256sum'
  elif ! has openssl; then
    say "no tool for SHA-256 is here: the archive's CRC-32 alone was checked"
    return 0
  fi
  [ "$(list_digest "$1/SHA256SUMS")" = "$sums_digest" ] || fail "the list of checksums is damaged"
  list=SHA256SUMS
  if [ -n "\${2:-}" ]; then
    list=WANTED
    grep -F "  $2/" "$1/SHA256SUMS" >"$1/$list" || fail "the archive has no $2"
  fi
  if [ -n "$tool" ]; then
    # shellcheck disable=SC2086
    (cd "$1" && $tool -c "$list" >/dev/null) || fail "a file of the archive is damaged"
  else
    while IFS= read -r line; do
      [ "$(openssl_digest "$1/\${line#*  }")" = "\${line%%  *}" ] ||
        fail "\${line#*  } of the archive is damaged"
    done <"$1/$list"
  fi
}

list_digest() {
  if [ -z "$tool" ]; then
    openssl_digest "$1"
  else
    # shellcheck disable=SC2086
    $tool <"$1" | sed 's/ .*//'
  fi
}

openssl_digest() {
  openssl dgst -sha256 <"$1" | sed 's/.* //'
}
`

/** For scripts that put a seed in place: they set `work` and `target`. */
export const HOLD_FOLDER = `\
# Makes the folder $work. That of a run that was killed is taken over, that of a living $1 is not.
hold_folder() {
  boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
  if mkdir -m 700 "$work" 2>/dev/null; then return 0; fi
  holder=
  if [ -r "$work/holder" ]; then read -r holder <"$work/holder" || :; fi
  pid=\${holder%% *}
  case $pid in '' | *[!0-9]*) pid= ;; esac
  if [ -n "$pid" ] && [ "$holder" = "$pid $boot" ] && kill -0 "$pid" 2>/dev/null; then
    fail "another $1 is running here as process $pid"
  fi
  keep_seed
  rm -rf "$work"
  mkdir -m 700 "$work" || fail "$work cannot be made"
}

# Said once the traps are set that clean up.
say_holder() {
  echo "$$ $boot" >"$work/holder"
}

# A run killed between the two renames of seed left the old one there: put it back before cleaning.
keep_seed() {
  if [ ! -e "$target/seed" ] && [ -d "$work/old-seed" ]; then mv "$work/old-seed" "$target/seed"; fi
}
`
