/**
 * How to run PostgreSQL, which refuses to run as root. An ordinary user runs it as it is. Root has
 * three ways, tried in this order, and the first that works on this machine is taken:
 *
 *  - `user-namespace`: in a user namespace without any mapping root's files appear as one's own and
 *    the user id is not 0, which is all that PostgreSQL looks at. Nothing changes its owner,
 *    folders such as /root (0700) can be passed, and root's capabilities are gone. Many containers
 *    forbid it.
 *  - `other-user`: an unprivileged user id that owns the database's files; needs every folder above
 *    the data and above the programs to be passable for others.
 *  - `other-user-past-folders`: the same user id, and the one capability to pass folders and open
 *    files that root could open. It is what is left in a container below /root; the process can
 *    change files of root's.
 */
import { execFile } from 'node:child_process'
import { chown, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { causeChain, Fault } from '../../base/fault.ts'
import { unreachable } from '../../base/invariant.ts'

/**
 * 60578-61183 is a range that neither distributions nor systemd give to anybody
 * (https://systemd.io/UIDS-GIDS/), and it lies below 65536, which is all that a container's own
 * user namespace maps. Never `nobody`: other services run as that.
 */
export const DATABASE_UID = 60900

/** Somebody to run a program as. */
export type Runner = {
  /** Put before the command. */
  readonly prefix: readonly string[]
  /** For spawn. */
  readonly ids: { readonly uid?: number; readonly gid?: number }
  /** Who must own the files that it works on. */
  readonly ownerUid: number
}

export type RunAs = Runner & {
  readonly way: 'own-user' | 'user-namespace' | 'other-user' | 'other-user-past-folders'
}

const NOBODY_UID = 65_534
const USER_NAMESPACE = ['unshare', '--user', '--']

export function waysFor(uid: number): readonly RunAs[] {
  if (uid !== 0) return [{ way: 'own-user', prefix: [], ids: {}, ownerUid: uid }]
  return [
    { way: 'user-namespace', prefix: USER_NAMESPACE, ids: {}, ownerUid: 0 },
    { way: 'other-user', ...otherUser(DATABASE_UID) },
    { way: 'other-user-past-folders', ...otherUserPastFolders(DATABASE_UID) },
  ]
}

/**
 * initdb, unlike PostgreSQL, wants its user to have a name. In a user namespace everybody is
 * `nobody`, which has one nearly everywhere; an ordinary user without a name (a container's `--user
 * 12345`) borrows that. Our own user id has no name anywhere, so for the one second of initdb it
 * really is `nobody`, before there is any data.
 */
export function waysToInitialise(runAs: RunAs): readonly Runner[] {
  switch (runAs.way) {
    case 'own-user':
      return [runAs, { ...runAs, prefix: USER_NAMESPACE }]
    case 'user-namespace':
      return [runAs]
    case 'other-user':
      return [otherUser(NOBODY_UID)]
    case 'other-user-past-folders':
      return [otherUserPastFolders(NOBODY_UID)]
    default:
      return unreachable(runAs.way)
  }
}

function otherUser(uid: number): Runner {
  return { prefix: [], ids: { uid, gid: uid }, ownerUid: uid }
}

function otherUserPastFolders(uid: number): Runner {
  const identity = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  const capability = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  return { prefix: ['setpriv', ...identity, ...capability, '--'], ids: {}, ownerUid: uid }
}

/** Runs `$1 --version` and writes into `$2`: what PostgreSQL will have to be able to do. */
const PROBE = `test "$(id -u)" != 0 && "$1" --version >/dev/null && : >"$2/probe"`
const PROBE_MS_MAX = 20_000

/** The first way that can run `program` and write below `folder`. */
export async function chooseRunAs(needs: {
  readonly program: string
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly ways: readonly RunAs[]
}): Promise<RunAs> {
  const reasons: string[] = []
  for (const way of needs.ways) {
    const reason = await probe(way, needs)
    if (reason === null) return way
    reasons.push(`${way.way}: ${reason}`)
  }
  throw new Fault({
    code: 'embedded-postgres-cannot-run',
    doing: `trying ways to run PostgreSQL in ${needs.folder}; set DATABASE_URL, or be no root`,
    retry: 'never',
    cause: new Error(reasons.join('; ')),
  })
}

async function probe(
  way: RunAs,
  needs: {
    readonly program: string
    readonly folder: string
    readonly environment: Readonly<Record<string, string>>
  },
): Promise<string | null> {
  const folder = join(needs.folder, 'probe')
  // A kill in the middle of an earlier probe leaves one.
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  try {
    if (way.ids.uid !== undefined || way.ownerUid === DATABASE_UID) {
      await chown(folder, way.ownerUid, way.ownerUid)
    }
    const [file = 'sh', ...rest] = [...way.prefix, 'sh', '-c', PROBE, 'sh', needs.program, folder]
    await promisify(execFile)(file, rest, {
      ...way.ids,
      cwd: '/',
      env: needs.environment,
      timeout: PROBE_MS_MAX,
    })
    return null
  } catch (error) {
    // Best effort: a way that does not work here is the expected answer; the next is tried, and if
    // none works all the reasons are in the fault.
    return causeChain(error).join(': ').trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
