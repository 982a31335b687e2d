export const PLATFORMS = ['windows', 'linux', 'macos', 'android'] as const
export type Platform = (typeof PLATFORMS)[number]

export const ARCHES = ['x64', 'arm64'] as const
export type Arch = (typeof ARCHES)[number]

/** The C library of a Linux build; every other platform has one only and says `none`. */
export const LIBCS = ['glibc', 'musl', 'none'] as const
export type Libc = (typeof LIBCS)[number]

/** What a build of the agent runs on. */
export type Target = {
  readonly platform: Platform
  readonly arch: Arch
  readonly libc: Libc
}

/**
 * `linux-x64-musl`, `windows-x64`: how a target is written in names and messages. glibc is not
 * said.
 */
export function targetName(target: Target): string {
  const libc = target.libc === 'musl' ? '-musl' : ''
  return `${target.platform}-${target.arch}${libc}`
}

/** The folder that a build of the agent lies in, called as its runtime is: `darwin-arm64`. */
export function buildFolderName(target: Target): string {
  return targetName(target).replace('macos', 'darwin')
}
