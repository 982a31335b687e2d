import { invariant } from '../base/invariant.ts'
import type { Arch } from '../base/platform.ts'
import { PACKAGE_TYPES, type PackageType } from '../contract/public/distributions.ts'

/** What the public API calls a package: its format, with `aarch64_` before it for arm64. */
export function packageTypeOf(built: {
  readonly format: string
  readonly arch: Arch
}): PackageType {
  const name = built.arch === 'arm64' ? `aarch64_${built.format}` : built.format
  const type = PACKAGE_TYPES.find((known) => known === name)
  invariant(type !== undefined, `${name} is a documented package type`)
  return type
}
