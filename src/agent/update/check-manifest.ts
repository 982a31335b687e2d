import type { Libc } from '../../base/platform.ts'
import type { Manifest } from '../../contract/manifest.ts'

/** What a version has to fit: the offer, this machine, the launcher it will be started by. */
export type Fit = {
  readonly version: string
  readonly platform: string
  readonly arch: string
  readonly libc: Libc
  readonly launcherProtocol: number
}

export type Misfit = { readonly reason: string; readonly message: string }

/**
 * In order of precedence; null when it fits. A signature says who made a version, not that it is
 * for here.
 */
export function checkManifest(manifest: Manifest, fit: Fit): Misfit | null {
  if (manifest.version !== fit.version) {
    return {
      reason: 'wrong-version',
      message: `version ${fit.version} was offered and the manifest is of ${manifest.version}`,
    }
  }
  const made = `${manifest.platform} ${manifest.arch} ${manifest.libc}`
  const here = `${fit.platform} ${fit.arch} ${fit.libc}`
  if (made !== here) {
    return { reason: 'wrong-platform', message: `it is for ${made} and this is ${here}` }
  }
  if (manifest.launcher_protocol > fit.launcherProtocol) {
    const needed = `launcher protocol ${manifest.launcher_protocol}`
    const message = `it needs ${needed}, and here is ${fit.launcherProtocol}`
    return { reason: 'launcher-too-old', message }
  }
  return null
}
