/**
 * What the scripts of package managers have in common, as shell functions. Each may be repeated, an
 * interrupted one too. A service that will not start never fails an installation: a broken package
 * database would be worse, and the agent's absence is seen by the server.
 *
 * `$root` is empty, or the folder that a package manager lays the machine below when it runs the
 * scripts outside of it: then no service of the machine it runs on is touched.
 */
import { PROGRAM_FOLDER, UNIT_FILE } from './layout.ts'

export const SERVICE_HEAD = `\
unit=drydock-agent.service

systemd_runs() {
  [ -z "$root" ] && [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1
}

warn() {
  echo "drydock-agent: $1" >&2
}
`

export const ENABLE_SERVICE = `\
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
`

export const START_SERVICE = `\
# Without waiting: the old agent's program may take minutes to stop, and the package manager holds
# its lock meanwhile. What the administrator disabled stays disabled.
start_service() {
  action=try-restart
  if systemctl --quiet is-enabled "$unit" 2>/dev/null; then action=restart; fi
  systemctl --no-block "$action" "$unit" || warn "the service could not be started"
}

not_started() {
  warn "systemd is not running here: start /${PROGRAM_FOLDER}/drydock-agent run yourself"
}
`

export const TAKE_OVER = `\
# This package now owns what a self-extracting installer had put here.
take_over() {
  [ -e "$root/${PROGRAM_FOLDER}/uninstall.sh" ] || return 0
  rm -f "$root/etc/init.d/drydock-agent"
  rm -rf "$root/${PROGRAM_FOLDER}/.installing"
  rm -f "$root/${PROGRAM_FOLDER}/uninstall.sh"
}
`

export const STOP_LAUNCHERS = `\
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
`

export const REMOVE_SEED = `\
# An upgrade package may have put another version there, with files that this one does not know.
remove_seed() {
  rm -rf "$root/${PROGRAM_FOLDER}/seed"
  rmdir "$root/${PROGRAM_FOLDER}" 2>/dev/null || :
}
`
