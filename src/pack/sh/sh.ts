/**
 * One self-extracting file for every Linux: a POSIX shell script, and behind its last line a
 * gzip-compressed tar of several members, so that the artifacts are named where they stand. The
 * script runs in dash, bash, busybox and their like, and needs a handful of common tools.
 *
 * The digest of the whole archive cannot be known without reading the artifacts. So the script
 * knows the digest of a list, the archive's first file, which has the digest of every other;
 * nothing gets its final name before all of them were checked. Whoever can change the script can
 * change that digest: what protects the agent is the signed manifest, what this protects from is a
 * damaged download.
 */
import { utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { type Arch, type Libc, type Target, targetName } from '../../base/platform.ts'
import { type ArchiveEntry, contentSize } from '../archive/entry.ts'
import { tarGzSegments } from '../archive/tar-gz.ts'
import { checkPackageSpec } from '../check-spec.ts'
import { INIT_SCRIPT } from '../linux/init-script.ts'
import { directory, programEntries } from '../linux/layout.ts'
import { SYSTEMD_UNIT } from '../linux/systemd-unit.ts'
import type { PackageSpec } from '../package-spec.ts'
import { lengthOf, type PackageWriter, type Segment } from '../writer.ts'
import { CHECKS_PART } from './_checks.ts'
import { OPTIONS_PART } from './_options.ts'
import { PLACING_PART } from './_placing.ts'
import { fillTemplate } from './_template.ts'
import { UNINSTALLER, UNINSTALLER_FILE } from './_uninstaller.ts'

/** What `uname -m` says. */
const MACHINES: Readonly<Record<Arch, string>> = { x64: 'x86_64 amd64', arm64: 'aarch64 arm64' }

/**
 * The program interpreter that a build names in its ELF header: where it is missing, the build
 * cannot start.
 */
const LOADERS: Readonly<Record<Arch, Readonly<Record<Libc, string>>>> = {
  x64: { glibc: '/lib64/ld-linux-x86-64.so.2', musl: '/lib/ld-musl-x86_64.so.1', none: '' },
  arm64: { glibc: '/lib/ld-linux-aarch64.so.1', musl: '/lib/ld-musl-aarch64.so.1', none: '' },
}

/** Room for folders, the small files and the file system's own accounts. */
const SPACE_RESERVE_KIB = 4096
/** Digits of a number in the script: fixed, so that its length does not depend on what it says. */
const NUMBER_WIDTH = 12

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
  const sums = utf8(content.map(sumLine).join(''))
  const archive = tarGzSegments([own('SHA256SUMS', sums), ...content], {
    prefix: '',
    timestamp: spec.timestamp,
  })
  const archiveSize = lengthOf(archive)
  const script = scriptBytes(spec, { archiveSize, content, sums })
  return [{ kind: 'bytes', bytes: script }, ...archive]
}

type ScriptFacts = {
  readonly archiveSize: number
  readonly content: readonly ArchiveEntry[]
  readonly sums: Uint8Array
}

function scriptBytes(spec: PackageSpec, facts: ScriptFacts): Uint8Array {
  const render = (length: number) =>
    utf8(
      fillTemplate(TEMPLATE, {
        VERSION: spec.version,
        TARGET: targetName(spec.target),
        MACHINES: MACHINES[spec.target.arch],
        LOADER: LOADERS[spec.target.arch][spec.target.libc],
        SCRIPT_SIZE: fixedWidth(length + facts.archiveSize),
        ARCHIVE_AT: fixedWidth(length + 1), // tail counts from 1
        SUMS_DIGEST: digestOf(facts.sums),
        NEEDED_KIB: String(neededKiB(facts.content)),
      }),
    )
  return render(render(0).length)
}

function fixedWidth(value: number): string {
  return String(value).padEnd(NUMBER_WIDTH)
}

function neededKiB(content: readonly ArchiveEntry[]): number {
  const sizes = content.map((entry) =>
    entry.kind === 'file' ? Math.ceil(contentSize(entry.content) / 1024) : 4,
  )
  return sizes.reduce((sum, size) => sum + size, SPACE_RESERVE_KIB)
}

/** `program` becomes the program folder; `service` holds templates for what lies elsewhere. */
function archiveEntries(spec: PackageSpec): readonly ArchiveEntry[] {
  return [
    ...programEntries(spec, 'program', 'sh'),
    directory('service'),
    own('service/unit', utf8(SYSTEMD_UNIT)),
    own('service/init', utf8(INIT_SCRIPT)),
    own(`service/${UNINSTALLER_FILE}`, utf8(UNINSTALLER)),
  ]
}

function sumLine(entry: ArchiveEntry): string {
  if (entry.kind !== 'file') return ''
  const { content } = entry
  const digest = content.kind === 'bytes' ? digestOf(content.bytes) : content.artifact.digest
  return `${digest}  ${entry.path}\n`
}

function own(path: string, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, mode: 0o644, content: { kind: 'bytes', bytes } }
}
