import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'

/**
 * The programs get nothing of the server's environment: it holds secrets, and PG* variables would
 * change them.
 */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The environment to run PostgreSQL's programs in, with links to its libraries where the package
 * lacks them. Made anew at each start, because the package may have moved.
 */
export async function prepareEnvironment(
  binaries: Binaries,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const environment = { PATH, LC_ALL: 'C', TZ: 'UTC' }
  const links = join(folder, 'lib')
  await rm(links, { recursive: true, force: true })
  if (binaries.missingLinks.size === 0) return environment
  // Names of libraries are no secret, and the user that runs PostgreSQL must be able to read them.
  await mkdir(links, { mode: 0o755 })
  for (const [name, library] of binaries.missingLinks) await symlink(library, join(links, name))
  const search = `${links}:${binaries.libraries}`
  return { ...environment, LD_LIBRARY_PATH: search, DYLD_LIBRARY_PATH: search }
}
