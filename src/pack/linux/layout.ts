/**
 * Where an installed agent lies on Linux, whatever the format that brought it.
 *
 *   /opt/drydock-agent/            launcher, seed, enrolment: replaced by the next package
 *   /etc/drydock-agent/agent.json  the administrator's file: kept by every upgrade
 *   /var/lib/drydock-agent/        the agent's own state: kept until a purge
 *
 * Paths have no leading slash: `--root DIR` and `dpkg --root` lay the same tree below a folder.
 */
import { utf8 } from '../../base/bytes.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { foldersAbove } from '../check-spec.ts'
import type { Build, PackageSpec } from '../package-spec.ts'

export const PROGRAM_FOLDER = 'opt/drydock-agent'
export const CONFIG_FOLDER = 'etc/drydock-agent'
export const CONFIG_FILE = `${CONFIG_FOLDER}/agent.json`
export const STATE_FOLDER = 'var/lib/drydock-agent'
export const COMMAND_LINK = 'usr/bin/drydock-agent'
export const LAUNCHER_FILE = 'drydock-agent'
/** Not /lib: read by every systemd, and the right place where /lib is a link to it. */
export const UNIT_FILE = 'usr/lib/systemd/system/drydock-agent.service'

/**
 * One constant for every distribution, so that dpkg asks about the administrator's changes only
 * when this very line changes. What a distribution says stands in enrolment.json.
 */
export const CONFIG_CONTENT = utf8('{}\n')

/** Holds the enrolment token: root's own. */
export const ENROLMENT_MODE = 0o600

/**
 * The program folder and everything in it, folders before their content, `folder` first.
 * `installedBy` tells later installers and the uninstaller which of them this installation belongs
 * to.
 */
export function programEntries(
  spec: PackageSpec,
  folder: string,
  installedBy: 'deb' | 'rpm' | 'sh',
): readonly ArchiveEntry[] {
  const own = (path: string, mode: number, bytes: Uint8Array): ArchiveEntry => ({
    kind: 'file',
    path: `${folder}/${path}`,
    mode,
    content: { kind: 'bytes', bytes },
  })
  return [
    directory(folder),
    {
      kind: 'file',
      path: `${folder}/enrolment.json`,
      mode: ENROLMENT_MODE,
      content: { kind: 'bytes', bytes: spec.enrolment, isApart: true },
    },
    own('installed-by', 0o644, utf8(`${installedBy}\n`)),
    ...seedEntries(spec, `${folder}/seed`),
    {
      kind: 'file',
      path: `${folder}/${LAUNCHER_FILE}`,
      mode: 0o755,
      content: { kind: 'artifact', artifact: spec.launcher },
    },
  ]
}

/** The version that a package brings, with the manifest that its files are verified by. */
export function seedEntries(build: Build, folder: string): readonly ArchiveEntry[] {
  return [
    directory(folder),
    {
      kind: 'file',
      path: `${folder}/manifest.json`,
      mode: 0o644,
      content: { kind: 'bytes', bytes: build.manifest },
    },
    ...versionEntries(build, folder),
  ]
}

function versionEntries(build: Build, folder: string): readonly ArchiveEntry[] {
  const made = new Set<string>()
  return build.files.flatMap((file): ArchiveEntry[] => {
    const missing = foldersAbove(file.path).filter((above) => !made.has(above))
    for (const above of missing) made.add(above)
    return [
      ...missing.map((above) => directory(`${folder}/${above}`)),
      {
        kind: 'file',
        path: `${folder}/${file.path}`,
        mode: file.executable ? 0o755 : 0o644,
        content: { kind: 'artifact', artifact: file.artifact },
      },
    ]
  })
}

export function directory(path: string): ArchiveEntry {
  return { kind: 'directory', path, mode: 0o755 }
}
