/**
 * A Debian package (deb(5), format 2.0): an ar archive of `debian-binary`, `control.tar.gz` and
 * `data.tar.gz`. Both tars are gzip and nothing else: every dpkg reads a gzip file of several
 * members, while dpkg drops what follows the first zstd frame or xz stream without a word. So the
 * artifacts are named where they stand, and a package costs a few kilobytes of its own.
 *
 * For dpkg of Debian 10 and Ubuntu 18.04 and later. Debian has no musl build of itself, so a musl
 * target is refused; the self-extracting `sh` is for those machines.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Target } from '../../base/platform.ts'
import { AR_MEMBER_SIZE_MAX, arSegments } from '../archive/ar.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { tarGzSegments } from '../archive/tar-gz.ts'
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
import { lengthOf, type PackageWriter, type Segment } from '../writer.ts'
import { ARCH_NAMES, conffilesFile, controlFile, md5sumsFile } from './_control.ts'
import { COPYRIGHT } from './_copyright.ts'
import { POSTINST, POSTRM, PRERM } from './_scripts.ts'

const CONFIG_FILES = [CONFIG_FILE]

export const debWriter: PackageWriter = {
  format: 'deb',
  kind: 'standalone',
  takesAllTargets: false,
  mediaType: 'application/vnd.debian.binary-package',
  supports,
  fileName: (spec) => `${spec.name}_${spec.version}_${ARCH_NAMES[spec.target.arch]}.deb`,
  partsAhead: () => [],
  write: async (spec) => writeDeb(spec),
}

function supports(target: Target): boolean {
  return target.platform === 'linux' && target.libc === 'glibc'
}

export function writeDeb(spec: PackageSpec): readonly Segment[] {
  checkPackageSpec(debWriter, spec)
  const { timestamp } = spec
  const installed = installedEntries(spec)
  const data = tarGzSegments(installed, { prefix: './', timestamp })
  const size = lengthOf(data)
  if (size > AR_MEMBER_SIZE_MAX) refusePackage(debWriter, spec, `its data is ${size} bytes long`)
  return arSegments(
    [
      { name: 'debian-binary', content: [{ kind: 'bytes', bytes: utf8('2.0\n') }] },
      {
        name: 'control.tar.gz',
        content: tarGzSegments(controlEntries(spec, installed), { prefix: './', timestamp }),
      },
      { name: 'data.tar.gz', content: data },
    ],
    timestamp,
  )
}

function controlEntries(
  spec: PackageSpec,
  installed: readonly ArchiveEntry[],
): readonly ArchiveEntry[] {
  return [
    directory(''),
    own('control', 0o644, controlFile(spec, installed)),
    apart('md5sums', 0o644, md5sumsFile(installed, CONFIG_FILES)),
    own('conffiles', 0o644, conffilesFile(CONFIG_FILES)),
    own('postinst', 0o755, utf8(POSTINST)),
    own('prerm', 0o755, utf8(PRERM)),
    own('postrm', 0o755, utf8(POSTRM)),
  ]
}

/** Folders before their content: dpkg unpacks in this order. */
function installedEntries(spec: PackageSpec): readonly ArchiveEntry[] {
  return [
    directory(''),
    directory('etc'),
    directory(CONFIG_FOLDER),
    own(CONFIG_FILE, 0o644, CONFIG_CONTENT),
    directory('opt'),
    ...programEntries(spec, PROGRAM_FOLDER, 'deb'),
    directory('usr'),
    directory('usr/bin'),
    { kind: 'symlink', path: COMMAND_LINK, target: LAUNCHER_PATH },
    directory('usr/lib'),
    directory('usr/lib/systemd'),
    directory('usr/lib/systemd/system'),
    own(UNIT_FILE, 0o644, utf8(SYSTEMD_UNIT)),
    directory('usr/share'),
    directory('usr/share/doc'),
    directory(`usr/share/doc/${spec.name}`),
    own(`usr/share/doc/${spec.name}/copyright`, 0o644, utf8(COPYRIGHT)),
  ]
}

function own(path: string, mode: number, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, mode, content: { kind: 'bytes', bytes } }
}

/** Has something of the distribution in it. */
function apart(path: string, mode: number, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, mode, content: { kind: 'bytes', bytes, isApart: true } }
}
