import { invariant } from '../base/invariant.ts'
import type { Arch } from '../base/platform.ts'
import { PACKAGE_TYPES, type PackageType } from '../contract/public/distributions.ts'

/** Where the public API names a package by its processor, or by what it is for. */
const NAMES: Readonly<Record<string, PackageType>> = {
  'msi-x64': 'x64',
  'msi-arm64': 'arm',
  'pkg-x64': 'pkg',
  'pkg-arm64': 'pkg',
  'apk-arm64': 'apk',
  'qr-arm64': 'qr',
  'msi-upgrade-x64': 'upgrade',
  'msi-upgrade-arm64': 'aarch64_upgrade',
  'upgrade-sh-x64': 'upgrade',
  'upgrade-sh-arm64': 'upgrade',
}

/**
 * What the public API calls a package: its format, with `aarch64_` before it for arm64, unless the
 * format has names of its own.
 */
export function packageTypeOf(built: {
  readonly format: string
  readonly arch: Arch
}): PackageType {
  const own = NAMES[`${built.format}-${built.arch}`]
  const name = own ?? (built.arch === 'arm64' ? `aarch64_${built.format}` : built.format)
  const type = PACKAGE_TYPES.find((known) => known === name)
  invariant(type !== undefined, `${name} is a documented package type`)
  return type
}
