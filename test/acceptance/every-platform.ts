/** A release for every platform, and an order of every kind, through the public API. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../../src/base/digest.ts'
import type { Client } from '../../src/client/client.ts'
import { entryFor } from '../../src/contract/manifest.ts'
import type { PackageType } from '../../src/contract/public/distributions.ts'
import { REPOSITORY } from './server-process.ts'

type PublishRequest = Parameters<Client['releases']['publish']>[0]
type OrderRequest = Parameters<Client['distributions']['create']>[0]

/** What of a build is its own; the app of Android is both. */
export type Program = { readonly launcher: Uint8Array; readonly agent: Uint8Array }

/** The folders below build/agent, as `npm run agent:release` names them, and what they are for. */
export const TARGETS = {
  'linux-x64': { platform: 'linux', arch: 'x64', libc: 'glibc' },
  'linux-x64-musl': { platform: 'linux', arch: 'x64', libc: 'musl' },
  'linux-arm64': { platform: 'linux', arch: 'arm64', libc: 'glibc' },
  'linux-arm64-musl': { platform: 'linux', arch: 'arm64', libc: 'musl' },
  'windows-x64': { platform: 'windows', arch: 'x64', libc: 'none' },
  'windows-arm64': { platform: 'windows', arch: 'arm64', libc: 'none' },
  'darwin-x64': { platform: 'macos', arch: 'x64', libc: 'none' },
  'darwin-arm64': { platform: 'macos', arch: 'arm64', libc: 'none' },
  'android-x64': { platform: 'android', arch: 'x64', libc: 'none' },
  'android-arm64': { platform: 'android', arch: 'arm64', libc: 'none' },
} as const
export type TargetName = keyof typeof TARGETS
export const TARGET_NAMES = Object.keys(TARGETS) as readonly TargetName[]

/** The app that comes with this version. */
export function androidProgram(): Program {
  const app = readFileSync(join(REPOSITORY, 'assets/android/agent.apk'))
  return { launcher: app, agent: app }
}

/** Publishes one version for every target, as `drydock release publish` does for one. */
export async function publishEverywhere(
  client: Client,
  version: string,
  programFor: (name: TargetName) => Program,
): Promise<void> {
  for (const name of TARGET_NAMES) {
    const target = TARGETS[name]
    const { launcher, agent } = programFor(name)
    const file = { path: entryFor(target.platform), executable: false }
    const files = [{ ...file, digest: await uploadBytes(client, agent) }]
    const request = { version, ...target, launcher: await uploadBytes(client, launcher), files }
    await client.releases.publish({ ...request, payload: null } satisfies PublishRequest)
  }
}

async function uploadBytes(client: Client, bytes: Uint8Array): Promise<string> {
  const digest = digestOf(bytes)
  const open = async function* () {
    yield bytes
  }
  await client.releases.uploadArtifact({ digest, open })
  return digest
}

export type Kind = {
  readonly name: string
  readonly order: (version: string) => Omit<OrderRequest, 'name'>
  /** What `get_dist_url` then has. */
  readonly types: readonly PackageType[]
}

const standalone = (platform: 'linux' | 'windows' | 'macos' | 'android') => (version: string) =>
  ({ package_type: 'standalone', platform, agent_version: version }) as const

export const KINDS: readonly Kind[] = [
  {
    name: 'linux',
    order: standalone('linux'),
    types: ['deb', 'rpm', 'sh', 'aarch64_deb', 'aarch64_rpm', 'aarch64_sh'],
  },
  { name: 'windows', order: standalone('windows'), types: ['x64', 'arm'] },
  { name: 'macos', order: standalone('macos'), types: ['pkg'] },
  { name: 'android', order: standalone('android'), types: ['apk', 'qr'] },
  {
    name: 'kubernetes',
    order: (agent_version) => ({ package_type: 'kubernetes', platform: 'linux', agent_version }),
    types: ['yaml'],
  },
  {
    name: 'helm',
    order: (agent_version) => ({ package_type: 'helm', platform: 'linux', agent_version }),
    types: ['helm'],
  },
  {
    name: 'linux upgrade',
    order: (version) => ({ package_type: 'upgrade', linux_version: version }),
    types: ['upgrade'],
  },
  {
    name: 'windows upgrade',
    order: (version) => ({ package_type: 'upgrade', windows_version: version }),
    types: ['upgrade', 'aarch64_upgrade'],
  },
]
