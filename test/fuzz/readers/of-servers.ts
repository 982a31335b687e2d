/** What is sent to servers, and given to their operators' commands. */
import { createSecretKey } from 'node:crypto'
import { Readable } from 'node:stream'
import { Client } from 'pg'
import { concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { digestOf } from '../../../src/base/digest.ts'
import { apiKeyFile } from '../../../src/client/api-key.ts'
import { type CheckInRequest, checkInRequest } from '../../../src/contract/agent/check-in.ts'
import { parse, sentenceOf } from '../../../src/contract/parse.ts'
import { createDistribution } from '../../../src/contract/public/distributions.ts'
import { tarEnd, tarHeaderBytes, tarPadding } from '../../../src/pack/archive/tar.ts'
import { readCredential } from '../../../src/server/agent-api/credential.ts'
import { checkLink, downloadLink } from '../../../src/server/download-link.ts'
import { parseRange } from '../../../src/server/http/content-range.ts'
import { parseJsonBytes, parseJsonFast } from '../../../src/server/http/json.ts'
import { manifestIn } from '../../../src/server/release-content.ts'
import { BackupDamaged, BackupReader, type LoadTarget } from '../../../src/store/backup-reader.ts'
import type { Reader } from './reader.ts'
import { RELEASE } from './signed.ts'

const [HEX32, HEX64] = ['a'.repeat(32), 'b'.repeat(64)]
const json = (value: unknown) => utf8(JSON.stringify(value))
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

const FACTS = {
  ...{ hostname: 'host', platform: 'linux', arch: 'x64', libc: 'glibc', os_name: 'Debian' },
  ...{ os_version: '12', kernel: '6.1', kind: 'server', ipv4: ['10.0.0.1'], ipv6: [] },
  ...{ mac_addresses: ['00:00:00:00:00:01'], users: ['root'], domain: 'x', machine_id: HEX32 },
  ...{ time_zone: 'UTC', endpoint_tags: ['a'], installed_at: 5 },
} satisfies CheckInRequest['facts']
const CHECK_IN = {
  ...{ protocol: 1, run_id: HEX32, agent_version: '1.0.0.1', manifest_digest: HEX64 },
  ...{ launcher_protocol: 1, facts_digest: HEX64, facts: FACTS, attempt: null, skipped: [] },
  health: { status: 'unhealthy', details: [{ title: 'a', reason: 'b' }] },
} satisfies CheckInRequest

const ORDER = {
  ...{ name: 'web servers', package_type: 'kubernetes', platform: 'kubernetes' },
  ...{ node_selector: { 'kubernetes.io/os': 'linux' }, proxy: ['proxy:8080'] },
  ...{ endpoint_tags: ['a'], default_namespace: 'drydock', agent_version: '1.0.0.1' },
}

const SECRET = { keyFor: () => createSecretKey(Buffer.alloc(32, 7)) }
const LINKED = { distributionId: HEX32, packageType: 'deb', fileName: 'drydock-agent_1_amd64.deb' }
const EXPIRES_AT = 2_000_000_000_000

function isLinked(bytes: Uint8Array): boolean {
  const query = new URLSearchParams(textOf(bytes))
  return checkLink(SECRET, LINKED, { query, now: EXPIRES_AT - 1000 }) === 'good'
}

function isCheckIn(bytes: Uint8Array): boolean {
  const body = parseJsonFast(bytes)
  const parsed = body.ok ? parse(checkInRequest, body.value) : null
  return parsed !== null && (parsed.ok || sentenceOf(parsed.refusal) === '')
}

function isOrder(bytes: Uint8Array): boolean {
  const body = parseJsonBytes(bytes)
  const parsed = body.ok ? parse(createDistribution, body.value, ['request_data']) : null
  return parsed !== null && (parsed.ok || sentenceOf(parsed.refusal) === '')
}

/** Of an instance that has no table yet: what is in tables is the database's to read. */
function backup(): Uint8Array {
  const head = { format: 1, created_at: 5, migrations: ['0001'], tables: [], identities: [] }
  const contents = [
    ['backup.json', json(head)],
    ['secret/instance-secret', new Uint8Array(32)],
    ['secret/admin-key.json', utf8('{}')],
  ] as const
  const entries = contents.map(([name, bytes]) => {
    return { name, size: bytes.length, sha256: digestOf(bytes) }
  })
  const manifest = json({ entries, rows: {} })
  const ends = [
    ['manifest.json', manifest],
    ['manifest.sha256', utf8(`${digestOf(manifest)}\n`)],
  ] as const
  return concatBytes([...[...contents, ...ends].flatMap(tarEntry), tarEnd()])
}

function tarEntry([path, bytes]: readonly [string, Uint8Array]): readonly Uint8Array[] {
  const size = bytes.length
  const common = { kind: 'file', mode: 0o600, timestamp: 0, linkTarget: '' } as const
  return [tarHeaderBytes({ ...common, path, size }), bytes, tarPadding(size)]
}

const TARGET: LoadTarget = {
  client: new Client(),
  artifacts: '/nonexistent',
  async prepare({ tables }) {
    if (tables.length === 0) return
    throw new BackupDamaged({ code: 'backup-damaged', reason: 'other tables' })
  },
}

async function isBackup(bytes: Uint8Array): Promise<boolean> {
  try {
    await new BackupReader(TARGET).read(Readable.from([Buffer.from(bytes)]))
    return true
  } catch (error) {
    if (error instanceof BackupDamaged) return false
    throw error
  }
}

export const OF_SERVERS: readonly Reader[] = [
  {
    name: 'JSON of the public API',
    samples: [json({ request_data: ORDER }), utf8('[1.5e3, "\\u00e9\\n", true, null, {"a": {}}]')],
    words: ['\\u0000', '\\ud800', '"a":1,"a":2', '1e999', '/*'],
    read: (bytes) => parseJsonBytes(bytes).ok,
  },
  { name: 'order of a distribution', samples: [json(ORDER)], read: isOrder },
  { name: 'check-in', samples: [json(CHECK_IN)], words: ['\\u0000', '\\ud83d'], read: isCheckIn },
  {
    name: 'range of a download',
    samples: [utf8('bytes=100-200'), utf8('bytes=-5'), utf8('bytes=7-')],
    words: ['-', 'bytes=', '9'.repeat(400)],
    read(bytes) {
      const range = parseRange(textOf(bytes), 1000)
      if (range.kind !== 'part') return false
      const end = range.offset + range.length
      if (range.offset >= 0 && range.length > 0 && end <= 1000) return true
      throw new Error('a part that is not inside')
    },
  },
  {
    name: 'credential of an agent',
    samples: [utf8(`Bearer ${HEX32}.${HEX64}`)],
    read: (bytes) => readCredential(textOf(bytes)) !== null,
  },
  {
    name: 'link to a package',
    samples: [utf8(downloadLink(SECRET, LINKED, EXPIRES_AT).split('?')[1] ?? '')],
    words: ['%', '%e2%80', '&expires=', '+'],
    read: isLinked,
  },
  {
    name: 'stored manifest',
    samples: [RELEASE.envelope],
    read: (bytes) => manifestIn(bytes, RELEASE.digest).files.length > 0,
  },
  {
    name: 'file with an API key',
    samples: [json({ id: 1, key: 'k', mode: 'standard' })],
    read(bytes) {
      const body = parseJsonFast(bytes)
      return body.ok && apiKeyFile.safeParse(body.value).success
    },
  },
  { name: 'backup', samples: [backup()], words: ['backup.json', 'ustar', 'x'], read: isBackup },
]
