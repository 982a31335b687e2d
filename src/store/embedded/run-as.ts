/**
 * How to run PostgreSQL, which refuses to run as root. An ordinary user runs it as it is. Root has three ways,
 * tried in this order, and the first that works on this machine is taken:
 *
 *  - `user-namespace`: in a user namespace without any mapping root's files appear as one's own and the user id
 *    is not 0, which is all that PostgreSQL looks at. Nothing changes its owner, folders such as /root (0700) can
 *    be passed, and root's capabilities are gone. Many containers forbid it.
 *  - `other-user`: an unprivileged user id that owns the database's files; needs every folder above the data
 *    and above the programs to be passable for others.
 *  - `other-user-past-folders`: the same user id, and the one capability to pass folders and open files that root
 *    could open. It is what is left in a container below /root; the process can change files of root's.
 */
import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { causeChain, Fault } from '../../base/fault.ts'

/**
 * 60578-61183 is a range that neither distributions nor systemd give to anybody (https://systemd.io/UIDS-GIDS/),
 * and it lies below 65536, which is all that a container's own user namespace maps. Never `nobody`: other
 * services run as that.
 */
export const DATABASE_UID = 60900

export type RunAs = {
  readonly way: 'own-user' | 'user-namespace' | 'other-user' | 'other-user-past-folders'
  /** Put before the command. */
  readonly prefix: readonly string[]
  /** For spawn. */
  readonly ids: { readonly uid?: number; readonly gid?: number }
  /** Who must own the database's files; null: whoever owns them already. */
  readonly ownerUid: number
}

const OTHER_USER = { uid: DATABASE_UID, gid: DATABASE_UID }

export function waysFor(uid: number): readonly RunAs[] {
  if (uid !== 0) return [{ way: 'own-user', prefix: [], ids: {}, ownerUid: uid }]
  return [
    { way: 'user-namespace', prefix: ['unshare', '--user', '--'], ids: {}, ownerUid: 0 },
    { way: 'other-user', prefix: [], ids: OTHER_USER, ownerUid: DATABASE_UID },
    {
      way: 'other-user-past-folders',
      prefix: [
        'setpriv',
        `--reuid=${DATABASE_UID}`,
        `--regid=${DATABASE_UID}`,
        '--clear-groups',
        '--inh-caps=+dac_override',
        '--ambient-caps=+dac_override',
        '--',
      ],
      ids: {},
      ownerUid: DATABASE_UID,
    },
  ]
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
    doing: `trying ways to run PostgreSQL in ${needs.folder}; set DATABASE_URL, or run Drydock as an ordinary user`,
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
  const folder = await mkdtemp(join(needs.folder, 'probe-'))
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
    // Best effort: a way that does not work here is the expected answer; the next is tried, and if none works
    // all the reasons are in the fault.
    return causeChain(error).join(': ').trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
