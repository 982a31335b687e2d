/**
 * The same orders, built again by a second server that was restored from a backup of the first one
 * and runs under another time zone, locale and umask. Both are told to revoke the tokens of a few
 * distributions, which has their packages built anew in either place.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { built } from '../test/acceptance/catalogue.ts'
import { KINDS, type Kind } from '../test/acceptance/every-platform.ts'
import { freePort, run } from '../test/acceptance/processes.ts'
import {
  DRYDOCK,
  type ServerProcess,
  startServerProcess,
} from '../test/acceptance/server-process.ts'
import { type Row, ratio } from './table.ts'

const ELSEWHERE = { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' }
const UNDER_UMASK = ['sh', '-c', 'umask 077; exec "$@"', 'sh'] as const

export async function compareRebuilds(
  server: ServerProcess,
  dataDir: string,
  version: string,
): Promise<readonly Row[]> {
  const ids = new Map<string, string>()
  for (const kind of KINDS) {
    const order = { name: `built twice, ${kind.name}`, ...kind.order(version) }
    const { distribution_id } = await server.client.distributions.create(order)
    await built(server.client, distribution_id)
    ids.set(kind.name, distribution_id)
  }
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-again-'))
  try {
    const file = join(folder, 'all.backup')
    await run([DRYDOCK, 'backup', file], { env: { DRYDOCK_DATA_DIR: dataDir } })
    const second = join(folder, 'data')
    await run([DRYDOCK, 'restore', file], { env: { DRYDOCK_DATA_DIR: second } })
    // Packages name the server: it must be the same for both.
    const env = { ...ELSEWHERE, DRYDOCK_PUBLIC_URL: server.url, DRYDOCK_LOG_LEVEL: 'warn' }
    const port = await freePort()
    const where = { dataDir: second, port, env, under: UNDER_UMASK }
    await using other = await startServerProcess(where)
    return [await compare(server, other, ids)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Pair = { readonly server: ServerProcess; readonly other: ServerProcess; readonly id: string }

async function compare(
  server: ServerProcess,
  other: ServerProcess,
  ids: ReadonlyMap<string, string>,
): Promise<Row> {
  const different: string[] = []
  let same = 0
  for (const kind of KINDS) {
    const [here, there] = await builtAnew({ server, other, id: ids.get(kind.name) ?? '' }, kind)
    for (const [index, type] of kind.types.entries()) {
      if (here[index] === there[index]) same += 1
      else different.push(`${kind.name} ${type}`)
    }
  }
  const total = same + different.length
  return {
    what: 'built anew by a second server, in another time zone, locale and umask: the same bytes',
    ours: `${same} of ${total} packages${different.map((each) => `, not ${each}`).join('')}`,
    other: 'aim: all',
    ratio: ratio(same, total),
  }
}

/** By type, of the first server and of the second. */
type Digests = readonly [readonly string[], readonly string[]]

/** The tokens differ from those before, so nothing that was restored is given out again. */
async function builtAnew({ server, other, id }: Pair, kind: Kind): Promise<Digests> {
  const before = await digestsAt(server, id, kind)
  const anew = async (each: ServerProcess) => {
    await each.client.distributions.update({ distribution_id: id, revoke_token: true })
    await built(each.client, id)
    return await digestsAt(each, id, kind)
  }
  const after = [await anew(server), await anew(other)] as const
  if (after.some((digests) => digests.some((digest) => before.includes(digest)))) {
    throw new Error(`${kind.name} was not built anew`)
  }
  return after
}

async function digestsAt(
  server: ServerProcess,
  id: string,
  kind: Kind,
): Promise<readonly string[]> {
  const digests: string[] = []
  for (const package_type of kind.types) {
    const asked = { distribution_id: id, package_type }
    digests.push((await server.client.distributions.getDistUrl(asked)).sha256)
  }
  return digests
}
