import type { AgentVersion } from '../../base/version.ts'
import type { ManifestVersion } from './_axml.ts'

/**
 * Android orders packages by one number of 64 bits (PackageInfo.getLongVersionCode:
 * versionCodeMajor above, versionCode below; API 28), and replaces an app only by one that is no
 * lower. So the four numbers of a version are packed in order: three into the 31 bits below the
 * sign of versionCodeMajor, the build into versionCode, plus one, because a store takes no 0 there.
 */
const MAJOR_MAX = 2 ** 11 - 1
const MINOR_MAX = 2 ** 10 - 1
const PATCH_MAX = 2 ** 10 - 1

/** Null: beyond what the number holds; a build always fits, with its nine digits. */
export function manifestVersion(version: AgentVersion): ManifestVersion | null {
  const [major = 0, minor = 0, patch = 0, build = 0] = version.split('.').map(Number)
  if (major > MAJOR_MAX || minor > MINOR_MAX || patch > PATCH_MAX) return null
  return {
    versionName: version,
    versionCode: build + 1,
    versionCodeMajor: (major << 20) | (minor << 10) | patch,
  }
}

export const VERSION_LIMITS = `${MAJOR_MAX}.${MINOR_MAX}.${PATCH_MAX}`
