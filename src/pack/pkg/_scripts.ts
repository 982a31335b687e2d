/**
 * The scripts of the components (Apple, "Installer Scripts"): `$3` is the volume that is installed
 * into. The installer hides what they say in /var/log/install.log, and shows that one failed.
 */
import type { AgentVersion } from '../../base/version.ts'
import { LAUNCHER_PATH } from '../macos/daemon.ts'
import { COMPONENT_IDS, LAUNCHER_FILE, PROGRAM_FOLDER } from '../macos/layout.ts'
import { LAUNCHD_HEAD, START_DAEMON, STOP_DAEMON } from '../macos/service-scripts.ts'

const HEAD = `\
#!/bin/sh
set -u
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH
LC_ALL=C
export LC_ALL
root=\${3:-/}
root=\${root%/}
program=$root/${PROGRAM_FOLDER}

fail() {
  echo "drydock-agent: $1" >&2
  exit 1
}
`

/**
 * Of each agent component. The agent that runs has a copy of its version and is not disturbed; what
 * another installer put into the seed goes, because the installer removes only what it knows.
 */
export function preinstall(version: AgentVersion): string {
  return `${HEAD}
version=${version}

installed_versions() {
  [ -x "$program/${LAUNCHER_FILE}" ] && [ -x /usr/sbin/pkgutil ] || return 0
  for id in ${COMPONENT_IDS.x64} ${COMPONENT_IDS.arm64}; do
    /usr/sbin/pkgutil --volume "\${root:-/}" --pkg-info "$id" 2>/dev/null |
      sed -n 's/^version: *//p'
  done
}

# Whether $1 is older than $2.
is_older() {
  printf '%s %s\\n' "$1" "$2" | awk '{
    split($1, left, ".")
    split($2, right, ".")
    for (i = 1; i <= 4; i++) {
      if (left[i] + 0 != right[i] + 0) exit !(left[i] + 0 < right[i] + 0)
    }
    exit 1
  }'
}

for installed in $(installed_versions); do
  if is_older "$version" "$installed"; then
    fail "version $installed is installed here and $version is older: \\
run sudo ${LAUNCHER_PATH} uninstall first, which keeps this Mac's identity"
  fi
done

rm -rf "$program/seed"
exit 0
`
}

/** Of the enrolment's component, which comes last. */
export const POSTINSTALL = `${HEAD}
${LAUNCHD_HEAD}
${STOP_DAEMON}
${START_DAEMON}
[ -x "$program/${LAUNCHER_FILE}" ] || fail "no agent was installed for this Mac's processor"

# Another volume's agent starts when that volume does.
if launchd_runs; then
  "$program/${LAUNCHER_FILE}" help >/dev/null 2>&1 || fail "the launcher does not run on this Mac"
  stop_daemon && start_daemon
fi
exit 0
`
