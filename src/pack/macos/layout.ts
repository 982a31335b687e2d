/**
 * Where an installed agent lies on a Mac, whatever brought it.
 *
 *   /opt/drydock-agent/            launcher, seed, enrolment: replaced by the next package
 *   /etc/drydock-agent/agent.json  the administrator's file: no package touches it
 *   /var/db/drydock-agent/         the agent's own state: kept until a purge
 *
 * `/opt` lies on the data volume (firmlinks, since macOS 10.15), and nobody but root may write to
 * it, while `/usr/local` belongs to whoever uses Homebrew. State is not below `/Library`, because
 * Migration Assistant copies that to the next Mac, and two Macs would be one endpoint.
 *
 * Paths have no leading slash: an installation into another volume lays the same tree below it.
 * `/etc` and `/var` are links into `/private` on a Mac; a package must name what they lead to.
 */

export const PROGRAM_FOLDER = 'opt/drydock-agent'
export const LAUNCHER_FILE = 'drydock-agent'
export const CONFIG_FOLDER = 'etc/drydock-agent'
export const STATE_FOLDER = 'var/db/drydock-agent'

/** launchd's name of the service, and the first part of every identifier of ours. */
export const LABEL = 'example.drydock.agent'
export const DAEMON_FILE = `Library/LaunchDaemons/${LABEL}.plist`
/** Puts the program folder on everybody's path: path_helper(8). */
export const PATHS_FILE = 'private/etc/paths.d/drydock-agent'
export const UNINSTALLER_FILE = 'uninstall.sh'

/** What the installer remembers (pkgutil(1)): one for each processor, one for the enrolment. */
export const COMPONENT_IDS = {
  x64: `${LABEL}.x64`,
  arm64: `${LABEL}.arm64`,
  config: `${LABEL}.config`,
} as const
