/** `PackageInfo`: what a component says of itself, as pkgbuild(1) writes it. */
import { entrySize } from '../archive/cpio.ts'
import type { ArchiveEntry } from '../archive/entry.ts'

const KIB = 1024

/**
 * The installer runs the scripts of `auth="root"` as root, sets owners and modes as the bill of
 * materials says, and puts everything where the payload says, wherever a copy lies.
 */
export function packageInfo(component: {
  readonly identifier: string
  readonly version: string
  readonly entries: readonly ArchiveEntry[]
  readonly scripts: Readonly<Record<string, string>>
}): string {
  const { identifier, version, entries, scripts } = component
  const named = Object.keys(scripts).map((name) => `    <${name} file="./${name}"/>\n`)
  return `\
<?xml version="1.0" encoding="utf-8"?>
<pkg-info format-version="2" identifier="${identifier}" version="${version}" install-location="/" \
auth="root" overwrite-permissions="true" relocatable="false" postinstall-action="none">
  <payload numberOfFiles="${entries.length}" installKBytes="${installedKiB(entries)}"/>
  <scripts>
${named.join('')}  </scripts>
</pkg-info>
`
}

export function installedKiB(entries: readonly ArchiveEntry[]): number {
  return Math.ceil(entries.reduce((sum, entry) => sum + entrySize(entry), 0) / KIB)
}
