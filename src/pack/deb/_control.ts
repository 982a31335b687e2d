/**
 * The control fields and lists of a deb (Debian Policy, chapter 5; deb-control(5), deb-md5sums(5)).
 */
import { createHash } from 'node:crypto'
import { utf8 } from '../../base/bytes.ts'
import type { Arch } from '../../base/platform.ts'
import { type ArchiveEntry, contentSize, type FileContent } from '../archive/entry.ts'
import { aboutOf, MAINTAINER } from '../linux/about.ts'
import type { PackageSpec } from '../package-spec.ts'

/** Debian's words for processors (Policy 11.1, `dpkg-architecture -L`). */
export const ARCH_NAMES: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' }

/**
 * The launcher's floor: symbols up to GLIBC_2.17, which every Debian since 8 and Ubuntu since 14.04
 * has.
 */
const DEPENDS = 'libc6 (>= 2.17)'

export function controlFile(spec: PackageSpec, entries: readonly ArchiveEntry[]): Uint8Array {
  const fields = [
    ['Package', spec.name],
    ['Version', spec.version],
    ['Architecture', ARCH_NAMES[spec.target.arch]],
    ['Maintainer', MAINTAINER],
    ['Installed-Size', String(installedKiB(entries))],
    ['Depends', DEPENDS],
    ['Section', 'admin'],
    ['Priority', 'optional'],
    ['Description', descriptionField(spec.description)],
  ]
  return utf8(fields.map(([name, value]) => `${name}: ${value}\n`).join(''))
}

/** First line: the synopsis. Further lines are set off by a space, an empty one is a dot. */
function descriptionField(text: string): string {
  const { synopsis, lines } = aboutOf(text)
  return [synopsis, ...lines.map((line) => (line === '' ? ' .' : ` ${line}`))].join('\n')
}

/** Each file in whole KiB, and one for everything else (Policy 5.6.20). */
function installedKiB(entries: readonly ArchiveEntry[]): number {
  const sizes = entries.map((entry) =>
    entry.kind === 'file' ? Math.ceil(contentSize(entry.content) / 1024) : 1,
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** The line of a configuration file is left out: its content is the administrator's. */
export function md5sumsFile(
  entries: readonly ArchiveEntry[],
  configFiles: readonly string[],
): Uint8Array {
  const lines = entries.flatMap((entry) =>
    entry.kind === 'file' && !configFiles.includes(entry.path)
      ? [`${md5Of(entry.content)}  ${entry.path}\n`]
      : [],
  )
  return utf8(lines.join(''))
}

function md5Of(content: FileContent): string {
  return content.kind === 'artifact'
    ? content.artifact.md5
    : createHash('md5').update(content.bytes).digest('hex')
}

export function conffilesFile(configFiles: readonly string[]): Uint8Array {
  return utf8(configFiles.map((path) => `/${path}\n`).join(''))
}
