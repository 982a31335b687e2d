/**
 * One self-extracting file for every Linux. The script runs in dash, bash, busybox and their like,
 * and needs a handful of common tools.
 *
 * Nothing gets its final name before all of it was checked. Whoever can change the script can
 * change the digest that it checks by: what protects the agent is the signed manifest, what this
 * protects from is a damaged download.
 */
import { utf8 } from '../../base/bytes.ts'
import { type Target, targetName } from '../../base/platform.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { checkPackageSpec } from '../check-spec.ts'
import { INIT_SCRIPT } from '../linux/init-script.ts'
import { directory, programEntries } from '../linux/layout.ts'
import { SYSTEMD_UNIT } from '../linux/systemd-unit.ts'
import type { PackageSpec } from '../package-spec.ts'
import { LOADERS, MACHINES } from '../self-extracting/machines.ts'
import { ownFile, selfExtracting, unpackedKiB } from '../self-extracting/script.ts'
import type { PackageWriter, Segment } from '../writer.ts'
import { CHECKS_PART } from './_checks.ts'
import { OPTIONS_PART } from './_options.ts'
import { PLACING_PART } from './_placing.ts'
import { UNINSTALLER, UNINSTALLER_FILE } from './_uninstaller.ts'

/** Room for folders, the small files and the file system's own accounts. */
const SPACE_RESERVE_KIB = 4096
const TEMPLATE = `${OPTIONS_PART}${CHECKS_PART}${PLACING_PART}`

export const shWriter: PackageWriter = {
  format: 'sh',
  kind: 'standalone',
  takesAllTargets: false,
  mediaType: 'application/x-sh',
  supports,
  fileName: (spec) => `${spec.name}-${spec.version}-${targetName(spec.target)}.sh`,
  partsAhead: () => [],
  write: async (spec) => writeSh(spec),
}

function supports(target: Target): boolean {
  return target.platform === 'linux' && target.libc !== 'none'
}

export function writeSh(spec: PackageSpec): readonly Segment[] {
  checkPackageSpec(shWriter, spec)
  const content = archiveEntries(spec)
  return selfExtracting(TEMPLATE, valuesOf(spec, content), {
    content,
    timestamp: spec.timestamp,
  })
}

function valuesOf(
  spec: PackageSpec,
  content: readonly ArchiveEntry[],
): Readonly<Record<string, string>> {
  return {
    VERSION: spec.version,
    TARGET: targetName(spec.target),
    MACHINES: MACHINES[spec.target.arch],
    LOADER: LOADERS[spec.target.arch][spec.target.libc],
    NEEDED_KIB: String(unpackedKiB(content) + SPACE_RESERVE_KIB),
  }
}

/** `program` becomes the program folder; `service` holds templates for what lies elsewhere. */
function archiveEntries(spec: PackageSpec): readonly ArchiveEntry[] {
  return [
    ...programEntries(spec, 'program', 'sh'),
    directory('service'),
    ownFile('service/unit', utf8(SYSTEMD_UNIT)),
    ownFile('service/init', utf8(INIT_SCRIPT)),
    ownFile(`service/${UNINSTALLER_FILE}`, utf8(UNINSTALLER)),
  ]
}
