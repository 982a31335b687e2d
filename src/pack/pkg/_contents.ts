/** What a package puts on a Mac: the agent of one processor, and what is a distribution's own. */
import { utf8 } from '../../base/bytes.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { foldersAbove } from '../check-spec.ts'
import { directory, ENROLMENT_MODE, seedEntries } from '../linux/layout.ts'
import { DAEMON_PLIST } from '../macos/daemon.ts'
import {
  COMPONENT_IDS,
  DAEMON_FILE,
  LAUNCHER_FILE,
  PATHS_FILE,
  PROGRAM_FOLDER,
  UNINSTALLER_FILE,
} from '../macos/layout.ts'
import { UNINSTALLER } from '../macos/uninstaller.ts'
import type { Build, PackageSpec, ReleaseSpec } from '../package-spec.ts'
import type { Component } from './_component.ts'
import { POSTINSTALL, preinstall } from './_scripts.ts'

/** The same for every distribution of a release. */
export function agentComponent(spec: ReleaseSpec, build: Build): Component {
  return {
    identifier: COMPONENT_IDS[build.target.arch],
    version: spec.version,
    timestamp: spec.timestamp,
    entries: withFolders([
      {
        kind: 'file',
        path: `${PROGRAM_FOLDER}/${LAUNCHER_FILE}`,
        mode: 0o755,
        content: { kind: 'artifact', artifact: build.launcher },
      },
      own(`${PROGRAM_FOLDER}/${UNINSTALLER_FILE}`, 0o755, utf8(UNINSTALLER)),
      ...seedEntries(build, `${PROGRAM_FOLDER}/seed`),
      own(DAEMON_FILE, 0o644, utf8(DAEMON_PLIST)),
      own(PATHS_FILE, 0o644, utf8(`/${PROGRAM_FOLDER}\n`)),
    ]),
    scripts: { preinstall: preinstall(spec.version) },
  }
}

export function configComponent(spec: PackageSpec): Component {
  return {
    identifier: COMPONENT_IDS.config,
    version: spec.version,
    timestamp: spec.timestamp,
    entries: withFolders([
      own(`${PROGRAM_FOLDER}/enrolment.json`, ENROLMENT_MODE, spec.enrolment),
      own(`${PROGRAM_FOLDER}/installed-by`, 0o644, utf8('pkg\n')),
    ]),
    scripts: { postinstall: POSTINSTALL },
  }
}

/**
 * The folders above everything, once each and first; those of the machine have the modes that macOS
 * gives them.
 */
function withFolders(entries: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  const made = new Set(entries.flatMap(({ kind, path }) => (kind === 'directory' ? [path] : [])))
  const missing = ['.', ...entries.flatMap(({ path }) => foldersAbove(path))].filter((path) => {
    const isNew = !made.has(path)
    made.add(path)
    return isNew
  })
  return [...missing.map(directory), ...entries]
}

function own(path: string, mode: number, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, mode, content: { kind: 'bytes', bytes } }
}
