/**
 * Completes package-lock.json after `npm install` from a registry that does not carry every
 * platform's packages. Tools that bring a program of their own list one optional package per
 * platform; npm leaves out of the lockfile those it could not see, and `npm ci` then refuses the
 * lockfile everywhere. What is written here is what npm would write, but for the digest, which
 * nobody here could know: it is for foreign platforms of development tools only, and the house test
 * holds it to that.
 *
 * Usage: node tools/complete-lockfile.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'

type Entry = {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}
type Lockfile = {
  readonly packages: Readonly<Record<string, Entry>>
  readonly [field: string]: unknown
}

const SYSTEMS = new Set(['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'])
const PROCESSORS = new Set(['x64', 'arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x'])

/**
 * The same lockfile with an entry for each optional package of a platform that it names and has
 * not.
 */
export function completeLockfile(lock: Lockfile): Lockfile {
  const packages: Record<string, Entry> = { ...lock.packages }
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') continue
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name)
      const place = `node_modules/${name}`
      if (platform === null || packages[place] !== undefined) continue
      const dev = entry.dev === true ? { dev: true } : {}
      packages[place] = { version, ...dev, optional: true, ...platform }
    }
  }
  const [root, ...rest] = Object.entries(packages)
  rest.sort(([left], [right]) => left.localeCompare(right, 'en'))
  return { ...lock, packages: Object.fromEntries(root === undefined ? rest : [root, ...rest]) }
}

/**
 * `@x/binding-linux-arm64-musl`: what follows the tool's name says system, processor, C library.
 */
function platformOf(
  name: string,
): { readonly os: string[]; readonly cpu: string[]; readonly libc?: string[] } | null {
  const words = name.split('/').at(-1)?.split('-') ?? []
  const at = words.findIndex((word) => SYSTEMS.has(word))
  const [system = '', processor = '', abi = ''] = words.slice(at)
  if (at < 0 || !PROCESSORS.has(processor)) return null
  const libc = /musl/.test(abi) ? ['musl'] : /gnu/.test(abi) ? ['glibc'] : null
  const platform = { os: [system], cpu: [processor] }
  return system === 'linux' && libc !== null ? { ...platform, libc } : platform
}

if (import.meta.main) {
  const lock: Lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  writeFileSync('package-lock.json', `${JSON.stringify(completeLockfile(lock), null, 2)}\n`)
}
