/** What agents and launchers read: each other's lines, own files, and the server's answers. */

import { loadIdentity } from '../../../src/agent/identity.ts'
import { parseJson } from '../../../src/agent/json-file.ts'
import {
  agentMessage,
  LineReader,
  launcherMessage,
  parseLine,
} from '../../../src/agent/launcher/control.ts'
import { loadSlots, NO_SLOTS } from '../../../src/agent/launcher/slots.ts'
import { trustedKeysOf, verifyManifest } from '../../../src/agent/manifest.ts'
import { findStatusDoor } from '../../../src/agent/status-door.ts'
import { EMPTY_JOURNAL, loadJournal } from '../../../src/agent/update/journal.ts'
import { utf8 } from '../../../src/base/bytes.ts'
import { silentLog } from '../../../src/base/log.ts'
import { checkInReply } from '../../../src/contract/agent/check-in.ts'
import { clusterFile } from '../../../src/contract/agent/cluster.ts'
import { installation, machineSettings } from '../../../src/contract/agent/installation.ts'
import { MANIFEST_PAYLOAD_TYPE } from '../../../src/contract/manifest.ts'
import { signEnvelope } from '../../../src/trust/sign.ts'
import { inFile } from './in-file.ts'
import type { Reader } from './reader.ts'
import { RELEASE, SIGNING_KEY, TRUSTED_KEYS } from './signed.ts'

const [HEX32, HEX64] = ['a'.repeat(32), 'b'.repeat(64)]
const json = (value: unknown) => utf8(JSON.stringify(value))

const SLOT = { manifest_digest: HEX64, version: '1.0.0.1' }
const SKIPPED = { ...SLOT, reason: 'exits', message: 'it ended at once' }
const OUTCOME = { ...SLOT, attempt_id: HEX32, result: 'rolled-back', reason: 'x', message: 'y' }
const PROBATION = {
  ...{ attempt_id: HEX32, probation_s: 20, starts: 1, exits: 0, said_hello: true },
  backup_before: SLOT,
}
const SLOTS = {
  ...{ schema: 1, active: SLOT, backup: SLOT, probation: PROBATION, skip: [SKIPPED] },
  ...{ seed: HEX64, outcome: OUTCOME },
}
const ATTEMPT = {
  ...{ attempt_id: HEX32, version: '1.0.0.2', manifest_digest: HEX64, probation_s: 20 },
  ...{ download_rate_max: null, retry_skipped: false, phase: 'downloading', bytes_total: 100 },
  ended: { phase: 'failed', reason: 'x', message: 'y' },
}
const IDENTITY = {
  ...{ schema: 1, endpoint_id: HEX32, credential: HEX64, server_url: 'https://x.example' },
  ...{ distribution_id: HEX32, installed_at: 5 },
}
const INSTALLATION = {
  ...{ schema: 1, server_url: 'https://drydock.example.com:8443', distribution_id: HEX32 },
  ...{ token: 'T'.repeat(43), proxy: ['proxy:8080', '[::1]:3128'], endpoint_tags: ['ring-1'] },
  trusted_keys: TRUSTED_KEYS,
}
const REPLY = {
  ...{ server_time: 5, interval_s: 60, want_facts: true, acknowledged_attempt: HEX32 },
}
const UPGRADE = {
  ...{ kind: 'upgrade', attempt_id: HEX32, version: '1.0.0.2', manifest_digest: HEX64 },
  ...{ start_within_s: 5, probation_s: 5, download_rate_max: null, retry_skipped: false },
  ...{ may_switch: true, switch_within_s: 5 },
}
const CLUSTER_UPGRADE = {
  ...{ kind: 'upgrade-cluster', attempt_id: HEX32, version: '1.0.0.2', start_within_s: 5 },
  ...{ image: `registry.test/agent@sha256:${HEX64}`, ready_within_s: 5 },
}
const CLUSTER = {
  ...{ schema: 1, cluster_name: 'prod', namespace: 'drydock', daemon_set: 'agent' },
  container: 'agent',
}
const SAYS_SLOTS = {
  ...{ kind: 'slots', protocol: 1, active: SLOT, backup: null, kept: [SLOT] },
  ...{ probation: { attempt_id: null }, skip: [SKIPPED], outcome: OUTCOME },
}
const SWITCH = { kind: 'switch', attempt_id: HEX32, ...SLOT, probation_s: 20 }
const HELLO = { kind: 'hello', protocol: 1, version: '1.0.0.1' }

const KEYS = trustedKeysOf(installation.parse(INSTALLATION))

/** How many lines were messages; one that is too long says so once. */
function linesOf(bytes: Uint8Array, schema: typeof agentMessage | typeof launcherMessage): number {
  let messages = 0
  const take = (line: string) => {
    if (parseLine<typeof schema>(line, schema) !== null) messages += 1
  }
  const reader = new LineReader(take, () => {})
  const text = Buffer.from(bytes).toString('utf8')
  const middle = Math.floor(text.length / 3)
  reader.push(text.slice(0, middle))
  reader.push(text.slice(middle))
  return messages
}

export const OF_AGENTS: readonly Reader[] = [
  {
    name: 'lines of an agent',
    samples: [utf8(`${JSON.stringify(HELLO)}\n${JSON.stringify(SWITCH)}\n`)],
    words: ['"kind":"alive"', '}\n{'],
    read: (bytes) => linesOf(bytes, agentMessage) > 0,
  },
  {
    name: 'lines of a launcher',
    samples: [utf8(`${JSON.stringify(SAYS_SLOTS)}\n`)],
    words: ['"kind":"slots"', '}\n{'],
    read: (bytes) => linesOf(bytes, launcherMessage) > 0,
  },
  {
    name: 'slots file',
    samples: [json(SLOTS)],
    read: inFile((path) => loadSlots(path, silentLog) !== NO_SLOTS),
  },
  {
    name: 'journal of an upgrade',
    samples: [json({ schema: 1, attempt: ATTEMPT })],
    read: inFile((path) => loadJournal(path) !== EMPTY_JOURNAL),
  },
  {
    name: 'identity',
    samples: [json(IDENTITY)],
    read: inFile((path) => loadIdentity(path) !== null),
  },
  {
    name: 'door to the status on Windows',
    samples: [json({ address: '\\\\.\\pipe\\drydock-agent-1', secret: HEX64 })],
    read: inFile((path) => findStatusDoor(path, 'windows') !== null),
  },
  {
    name: 'enrolment.json, and its keys',
    samples: [json(INSTALLATION)],
    read(bytes) {
      const read = parseJson(bytes, installation)
      return read.ok && trustedKeysOf(read.value).length > 0
    },
  },
  {
    name: "administrator's settings",
    samples: [json({ proxy: ['proxy:8080'], endpoint_tags: ['a', 'b'] })],
    read: (bytes) => parseJson(bytes, machineSettings).ok,
  },
  {
    name: "file of a pod's cluster",
    samples: [json(CLUSTER)],
    read: (bytes) => parseJson(bytes, clusterFile).ok,
  },
  {
    name: 'answer to a check-in',
    samples: [UPGRADE, CLUSTER_UPGRADE, { kind: 'cancel', attempt_id: HEX32 }].map((instruction) =>
      json({ ...REPLY, instruction }),
    ),
    read: (bytes) => parseJson(bytes, checkInReply).ok,
  },
  {
    name: 'signed manifest',
    samples: [RELEASE.envelope],
    read: (bytes) => verifyManifest(bytes, KEYS).ok,
  },
  {
    name: 'manifest behind a good signature',
    samples: [json(RELEASE.manifest)],
    words: ['payload/', '../', 'agent.mjs', 'payload/run/x'],
    read(bytes) {
      const envelope = signEnvelope(MANIFEST_PAYLOAD_TYPE, bytes, [SIGNING_KEY])
      return verifyManifest(envelope, KEYS).ok
    },
  },
]
