/**
 * The first part of the installer: its constants, its options and the check of their values. What
 * passes here stands later in JSON, in a unit file and in paths that root writes to; so tags and
 * proxies are held to what the agent's own reader of agent.json accepts, and a path to characters
 * that mean themselves everywhere.
 */
import { PROGRAM_FOLDER } from '../linux/layout.ts'
import { SAYING, STRICT_MODE } from '../self-extracting/shell.ts'

/** As `machineSettings` of the agent's contract has them. */
const PROXIES_MAX = 5
const TAGS_MAX = 100
const TAG_LENGTH_MAX = 128

export const OPTIONS_PART = `\
#!/bin/sh
# Installs the Drydock agent @VERSION@ for @TARGET@. Run with --help.
# The archive begins after the last line; nothing is done before the whole script was read.
${STRICT_MODE}
version=@VERSION@
target_name=@TARGET@
machines='@MACHINES@'
loader=@LOADER@
script_size=@SCRIPT_SIZE@
archive_at=@ARCHIVE_AT@
sums_digest=@SUMS_DIGEST@
needed_kib=@NEEDED_KIB@

action=install
start=yes
root=
below_root=no
program=
proxies=
tags=

${SAYING}
show_help() {
  cat <<'END'
Installs the Drydock agent @VERSION@ for @TARGET@.

  --proxy h1:p1,h2:p2      HTTP proxies to reach the server through (up to ${PROXIES_MAX})
  --endpoint-tags a,b      tags of this endpoint
  --install-path DIR       the program folder (default: /${PROGRAM_FOLDER})
  --root DIR               lay everything below DIR; needs no root and touches no service
  --no-start               install and enable the service, but do not start it
  --check                  verify this file and install nothing
  --list                   list what this file holds
  --version, --help

Run it again to upgrade or to repair. State and configuration are kept; uninstall.sh in the program
folder removes the agent.
Exit codes: 0 done, 1 not done, 2 wrong options, 3 installed but not started.
END
}

read_options() {
  while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
      --proxy=* | --endpoint-tags=* | --install-path=* | --root=*)
        read_value "\${option%%=*}" "\${option#*=}"
        ;;
      --proxy | --endpoint-tags | --install-path | --root)
        [ $# -gt 0 ] || fail "$option needs a value" 2
        read_value "$option" "$1"
        shift
        ;;
      --) ;;
      --no-start) start=no ;;
      --check | --list | --version | --help) action=\${option#--} ;;
      -h) action=help ;;
      *) fail "unknown option '$option': see --help" 2 ;;
    esac
  done
}

read_value() {
  case $2 in '' | --*) fail "$1 needs a value" 2 ;; esac
  is_text "$2" || fail "the value of $1 holds control characters or is no UTF-8" 2
  case $1 in
    --proxy) read_proxies "$2" ;;
    --endpoint-tags) read_tags "$2" ;;
    --install-path) read_program "$2" ;;
    --root)
      root=$2
      below_root=yes
      ;;
  esac
}

# UTF-8 without control characters, of at most so many UTF-16 units, and not of white space alone.
is_text() {
  printf %s "$1" | od -An -v -tu1 | awk -v max="\${2:-4096}" '
    function take(code) {
      if (code < 32 || (code >= 127 && code < 160)) bad = 1
      units += code > 65535 ? 2 : 1
      if (code != 32 && code != 160 && code != 5760 && (code < 8192 || code > 8202) &&
          code != 8232 && code != 8233 && code != 8239 && code != 8287 && code != 12288 &&
          code != 65279) ink = 1
    }
    function read(byte) {
      if (left > 0) {
        if (byte < 128 || byte > 191) bad = 1
        code = code * 64 + byte - 128
        left--
        if (left == 0) {
          if (code < least || code > 1114111 || (code >= 55296 && code <= 57343)) bad = 1
          take(code)
        }
      } else if (byte < 128) take(byte)
      else if (byte >= 194 && byte <= 223) { left = 1; code = byte - 192; least = 128 }
      else if (byte >= 224 && byte <= 239) { left = 2; code = byte - 224; least = 2048 }
      else if (byte >= 240 && byte <= 244) { left = 3; code = byte - 240; least = 65536 }
      else bad = 1
    }
    { for (i = 1; i <= NF; i++) read($i + 0) }
    END { exit (bad || left > 0 || !ink || units > max) ? 1 : 0 }'
}

trimmed() {
  printf %s "$1" | sed 's/^ *//; s/ *$//'
}

# Calls \`$2 VALUE\` for each value between the commas of $1.
each_value() {
  case ",$1," in *,,*) fail "an empty value in '$1'" 2 ;; esac
  each_action=$2
  old_ifs=$IFS
  set -f
  IFS=,
  # shellcheck disable=SC2086
  set -- $1
  IFS=$old_ifs
  set +f
  for value in "$@"; do "$each_action" "$(trimmed "$value")"; done
}

read_proxies() {
  proxies=
  count=0
  each_value "$1" add_proxy
  [ "$count" -le ${PROXIES_MAX} ] || fail "more than ${PROXIES_MAX} proxies" 2
}

add_proxy() {
  is_proxy "$1" || fail "'$1' is no proxy: host:port is" 2
  count=$((count + 1))
  proxies="$proxies\${proxies:+, }\\"$1\\""
}

is_proxy() {
  [ \${#1} -le 300 ] || return 1
  case $1 in *:*) ;; *) return 1 ;; esac
  case \${1##*:} in '' | *[!0-9]* | ??????*) return 1 ;; esac
  [ "\${1##*:}" -ge 1 ] && [ "\${1##*:}" -le 65535 ] || return 1
  case \${1%:*} in
    '['*']')
      inner=\${1%]:*}
      case \${inner#?} in '' | *[!0-9A-Fa-f:.]*) return 1 ;; esac
      ;;
    '' | *[!0-9A-Za-z.-]* | [.-]* | *[.-]) return 1 ;;
  esac
}

read_tags() {
  tags=
  count=0
  each_value "$1" add_tag
  [ "$count" -le ${TAGS_MAX} ] || fail "more than ${TAGS_MAX} tags" 2
}

add_tag() {
  case $1 in *\\"* | *\\\\*) fail "the tag '$1' holds a quote or a backslash" 2 ;; esac
  is_text "$1" ${TAG_LENGTH_MAX} || fail "the tag '$1' is empty or longer than ${TAG_LENGTH_MAX}" 2
  count=$((count + 1))
  tags="$tags\${tags:+, }\\"$1\\""
}

read_program() {
  program=\${1%/}
  case $program in
    /*) ;;
    *) fail "--install-path must begin with a slash" 2 ;;
  esac
  case $program/ in
    *[!0-9A-Za-z/._-]*) fail "--install-path may hold letters, digits and /._- only" 2 ;;
    *//* | */./* | */../*) fail "--install-path must be a plain path" 2 ;;
  esac
}
`
