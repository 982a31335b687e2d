/** What the upgrade script knows of the machines it is for. */
import type { Platform } from '../../base/platform.ts'
import { COMMAND_LINK, PROGRAM_FOLDER, STATE_FOLDER } from '../linux/layout.ts'
import * as mac from '../macos/layout.ts'
import { LAUNCHD_HEAD, START_DAEMON, STOP_DAEMON } from '../macos/service-scripts.ts'
import { LOADERS } from '../self-extracting/machines.ts'

export type MachinePart = {
  /** What `uname -s` says. */
  readonly system: string
  /** Where the agent lies, without the leading slash. */
  readonly program: string
  readonly state: string
  readonly commandLink: string
  /**
   * Shell functions: `find_build` sets `build` to the name of the target that runs here,
   * `restart_agent` has the service started anew where it runs.
   */
  readonly functions: string
}

const LINUX = `\
# As the agent itself sees its machine: glibc wins where both libraries are.
find_build() {
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64)
      build=linux-x64
      loader=${LOADERS.x64.glibc}
      other=${LOADERS.x64.musl}
      ;;
    aarch64 | arm64)
      build=linux-arm64
      loader=${LOADERS.arm64.glibc}
      other=${LOADERS.arm64.musl}
      ;;
    *) fail "there is no agent for a machine of the kind $machine" ;;
  esac
  if [ ! -e "$loader" ] && [ -e "$other" ]; then build=$build-musl; fi
}

# What is stopped, or disabled by the administrator, stays so.
restart_agent() {
  if [ -d /run/systemd/system ] && has systemctl; then
    systemctl --no-block try-restart drydock-agent.service
  elif [ -x /etc/init.d/drydock-agent ] && has rc-service; then
    rc-service --ifstarted drydock-agent restart
  elif [ -x /etc/init.d/drydock-agent ]; then
    /etc/init.d/drydock-agent try-restart
  else
    return 1
  fi
}
`

const MACOS = `\
find_build() {
  build=macos-x64
  # A shell that Rosetta translates says x86_64.
  is_arm=$(/usr/sbin/sysctl -n hw.optional.arm64 2>/dev/null || :)
  if [ "$(uname -m)" = arm64 ] || [ "$is_arm" = 1 ]; then build=macos-arm64; fi
}

${LAUNCHD_HEAD}
${STOP_DAEMON}
${START_DAEMON}
# What is stopped, or disabled by the administrator, stays so.
restart_agent() {
  launchd_runs || return 1
  is_loaded || return 0
  stop_daemon && start_daemon
}
`

/** Where the builds of a platform are in one file that a shell can run. */
export const MACHINE_PARTS: Readonly<Partial<Record<Platform, MachinePart>>> = {
  linux: {
    system: 'Linux',
    program: PROGRAM_FOLDER,
    state: STATE_FOLDER,
    commandLink: COMMAND_LINK,
    functions: LINUX,
  },
  macos: {
    system: 'Darwin',
    program: mac.PROGRAM_FOLDER,
    state: mac.STATE_FOLDER,
    // There is none: the program folder itself is on everybody's path.
    commandLink: `${mac.PROGRAM_FOLDER}/${mac.LAUNCHER_FILE}`,
    functions: MACOS,
  },
}
