/**
 * An upgrade package for machines with a POSIX shell: a self-extracting file that moves an
 * installed agent to a version without a server, whoever installed it.
 *
 * It holds the version directories for every target of the platform and no launcher, as an upgrade
 * from a server brings none: the launcher that is there adopts the version, on probation. It
 * enrols nobody: where no agent is, it says so and does nothing. The enrolment it carries is put in
 * place by `--rehome` alone, which moves an agent of another server to this one.
 */
import { type Target, targetName } from '../../base/platform.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { checkPackageSpec, refusePackage } from '../check-spec.ts'
import { directory, ENROLMENT_MODE, seedEntries } from '../linux/layout.ts'
import type { Build, PackageSpec } from '../package-spec.ts'
import { selfExtracting, unpackedKiB } from '../self-extracting/script.ts'
import type { PackageWriter, Segment } from '../writer.ts'
import { MACHINE_PARTS } from './_machines.ts'
import { upgradeScript } from './_script.ts'

/** The old seed stays until the new one is in place, and the agent takes a copy of that. */
const COPIES = 2
const SPACE_RESERVE_KIB = 1024

export const upgradeShWriter: PackageWriter = {
  format: 'upgrade-sh',
  kind: 'in-place',
  takesAllTargets: true,
  mediaType: 'application/x-sh',
  supports: (target: Target) => MACHINE_PARTS[target.platform] !== undefined,
  fileName: (spec) => `${spec.name}-upgrade-${spec.version}-${spec.target.platform}.sh`,
  partsAhead: () => [],
  write: async (spec) => writeUpgradeSh(spec),
}

export function writeUpgradeSh(spec: PackageSpec): readonly Segment[] {
  checkPackageSpec(upgradeShWriter, spec)
  const part = MACHINE_PARTS[spec.target.platform]
  if (part === undefined) return refusePackage(upgradeShWriter, spec, 'no shell runs there')
  const builds: readonly Build[] = [spec, ...spec.otherBuilds]
  const folders = builds.map((build) => buildEntries(build, spec.enrolment))
  const values = {
    VERSION: spec.version,
    BUILDS: builds.map(({ target }) => targetName(target)).join(' '),
    NEEDED_KIB: String(Math.max(...folders.map(unpackedKiB)) * COPIES + SPACE_RESERVE_KIB),
    SYSTEM: part.system,
    PROGRAM_FOLDER: part.program,
    STATE_FOLDER: part.state,
    COMMAND_LINK: part.commandLink,
  }
  return selfExtracting(upgradeScript(part.functions), values, {
    content: folders.flat(),
    timestamp: spec.timestamp,
  })
}

/** A folder for each target, so that a machine unpacks its own alone. */
function buildEntries(build: Build, enrolment: Uint8Array): readonly ArchiveEntry[] {
  const folder = targetName(build.target)
  return [
    directory(folder),
    {
      kind: 'file',
      path: `${folder}/rehome.json`,
      mode: ENROLMENT_MODE,
      content: { kind: 'bytes', bytes: enrolment },
    },
    ...seedEntries(build, `${folder}/seed`),
  ]
}
