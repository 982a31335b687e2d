/**
 * An rpm package (RPM manual, "V4 Package format"): lead, signature, header, and a payload that is
 * a cpio archive in gzip and nothing else: rpm reads a gzip file of several members, while it fails
 * on a second xz stream. So the artifacts are named where they stand, and a package costs a few
 * kilobytes of its own. The header holds the digests of all files and of the payload; the package
 * key signs the header.
 *
 * For rpm, dnf, yum and zypper of EL7 to EL9, Fedora and SUSE. None of them has a musl build, so a
 * musl target is refused; the self-extracting `sh` is for those machines.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Target } from '../../base/platform.ts'
import { CPIO_FIELD_MAX, cpioParts, entrySize, type NumberedEntry } from '../archive/cpio.ts'
import { type ArchiveEntry, contentSize } from '../archive/entry.ts'
import { gzipSegments } from '../archive/gzip-segments.ts'
import { checkPackageSpec, refusePackage } from '../check-spec.ts'
import {
  COMMAND_LINK,
  CONFIG_CONTENT,
  CONFIG_FILE,
  CONFIG_FOLDER,
  directory,
  PROGRAM_FOLDER,
  programEntries,
  UNIT_FILE,
} from '../linux/layout.ts'
import { LAUNCHER_PATH, SYSTEMD_UNIT } from '../linux/systemd-unit.ts'
import type { PackageSpec } from '../package-spec.ts'
import { lengthOf, type PackageWriter, type Segment, type WriterNeeds } from '../writer.ts'
import { ARCH_NAMES, aboutEntries, RELEASE } from './_about.ts'
import { fileEntries, numberEntries } from './_files.ts'
import { leadBytes, signatureBytes } from './_front.ts'
import { HEADER_REGION, headerBytes } from './_header.ts'
import { LICENCE } from './_licence.ts'

const LICENCE_FOLDER = 'usr/share/licenses/drydock-agent'
const LICENCE_FILE = `${LICENCE_FOLDER}/NOTICE`
const MARKS = { config: [CONFIG_FILE], licence: [LICENCE_FILE] }

/** The one file that each distribution has for itself. */
const ENROLMENT_FILE = `${PROGRAM_FOLDER}/enrolment.json`

/**
 * "V4 Package format", Signature: sizes have 32 bits, unless a package uses other tags for them. An
 * agent of 4 GiB is a mistake, so this one does not.
 */
const SIZE_MAX = 0xffff_ffff

export const rpmWriter: PackageWriter = {
  format: 'rpm',
  kind: 'standalone',
  takesAllTargets: false,
  mediaType: 'application/x-rpm',
  supports,
  fileName: (spec) => `${fullName(spec)}.${ARCH_NAMES[spec.target.arch]}.rpm`,
  partsAhead: () => [],
  write: writeRpm,
}

function supports(target: Target): boolean {
  return target.platform === 'linux' && target.libc === 'glibc'
}

function fullName(spec: PackageSpec): string {
  return `${spec.name}-${spec.version}-${RELEASE}`
}

async function writeRpm(spec: PackageSpec, needs: WriterNeeds): Promise<readonly Segment[]> {
  checkPackageSpec(rpmWriter, spec)
  const { timestamp } = spec
  if (timestamp > CPIO_FIELD_MAX) refusePackage(rpmWriter, spec, 'its time is beyond the year 2106')
  const files = numberEntries(installedEntries(spec))
  const installedSize = files.reduce((sum, { entry }) => sum + entrySize(entry), 0)
  refuseLarge(spec, installedSize, 'the files')
  const archive = cpioParts(inPayloadOrder(files), { prefix: './', timestamp })
  const archiveLength = archive.reduce((sum, part) => sum + contentSize(part), 0)
  const payload = gzipSegments(archive)
  const payloadDigest = await needs.digestOf(payload)
  const header = headerBytes(HEADER_REGION, [
    ...aboutEntries(spec, { installedSize, payloadDigest }),
    ...fileEntries(files, MARKS, timestamp),
  ])
  const payloadLength = lengthOf(payload)
  refuseLarge(spec, header.length + Math.max(payloadLength, archiveLength), 'the package')
  const rsa = await needs.signOpenPgp({ bytes: header, timestamp })
  const lead = leadBytes({ name: fullName(spec), arch: spec.target.arch })
  const signature = signatureBytes({ header, rsa, payloadLength, archiveLength })
  return [ownBytes(lead), ownBytes(signature), ownBytes(header), ...payload]
}

function refuseLarge(spec: PackageSpec, size: number, what: string): void {
  if (size <= SIZE_MAX) return
  refusePackage(rpmWriter, spec, `${what} would have ${size} bytes, more than ${SIZE_MAX}`)
}

/**
 * Folders before their content. What differs between distributions comes last, so that the digest
 * of everything before it is the same for all of them; rpm looks up each file by its path.
 */
function inPayloadOrder(files: readonly NumberedEntry[]): readonly NumberedEntry[] {
  const isOwn = ({ entry }: NumberedEntry) => entry.path === ENROLMENT_FILE
  return [...files.filter((file) => !isOwn(file)), ...files.filter(isOwn)]
}

/** Folders that belong to the machine are not listed: they are the `filesystem` package's. */
function installedEntries(spec: PackageSpec): readonly ArchiveEntry[] {
  return [
    directory(CONFIG_FOLDER),
    own(CONFIG_FILE, CONFIG_CONTENT),
    ...programEntries(spec, PROGRAM_FOLDER, 'rpm'),
    { kind: 'symlink', path: COMMAND_LINK, target: LAUNCHER_PATH },
    own(UNIT_FILE, utf8(SYSTEMD_UNIT)),
    directory(LICENCE_FOLDER),
    own(LICENCE_FILE, utf8(LICENCE)),
  ]
}

function own(path: string, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, mode: 0o644, content: { kind: 'bytes', bytes } }
}

function ownBytes(bytes: Uint8Array): Segment {
  return { kind: 'bytes', bytes }
}
