/** How a shell script knows the machine it runs on. */
import type { Arch, Libc } from '../../base/platform.ts'

/** What `uname -m` says. */
export const MACHINES: Readonly<Record<Arch, string>> = {
  x64: 'x86_64 amd64',
  arm64: 'aarch64 arm64',
}

/**
 * The program interpreter that a build names in its ELF header: where it is missing, the build
 * cannot start.
 */
export const LOADERS: Readonly<Record<Arch, Readonly<Record<Libc, string>>>> = {
  x64: { glibc: '/lib64/ld-linux-x86-64.so.2', musl: '/lib/ld-musl-x86_64.so.1', none: '' },
  arm64: { glibc: '/lib/ld-linux-aarch64.so.1', musl: '/lib/ld-musl-aarch64.so.1', none: '' },
}
