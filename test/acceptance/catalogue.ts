/** Releases and packages, through the public API, as the CLI makes them. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/base/digest.ts'
import type { Client } from '../../src/client/client.ts'
import type { PackageType } from '../../src/contract/public/distributions.ts'
import { eventually } from './processes.ts'

type Release = Awaited<ReturnType<Client['releases']['list']>>['releases'][number]
type Payload = NonNullable<Release['payload']>

/** Waits until the built-in agent is in the catalogue, and returns its release. */
export async function builtInRelease(client: Client): Promise<Release> {
  return await eventually('the built-in agent in the catalogue', async () => {
    const { releases } = await client.releases.list({ platform: 'linux' })
    return releases.find((release) => release.payload === null) ?? null
  })
}

export type Variant = {
  readonly version: string
  /** In place of the real agent bundle. */
  readonly agent?: string
  /** Files of the payload, by path; all of them executable. */
  readonly payload?: Readonly<Record<string, string>>
  readonly run?: readonly string[]
  readonly health?: readonly string[]
}

/** Publishes a version that is made of the built-in agent, or of something else in its place. */
export async function publish(client: Client, base: Release, variant: Variant): Promise<string> {
  const agent = base.files.find((file) => file.path === 'agent.mjs')
  if (agent === undefined) throw new Error('the built-in release has no agent')
  const files = [{ ...agent, digest: await digestOfAgent(client, agent.digest, variant.agent) }]
  for (const [path, content] of Object.entries(variant.payload ?? {})) {
    const digest = await upload(client, content)
    files.push({ path: `payload/${path}`, digest, executable: true })
  }
  const { platform, arch, libc, launcher } = base
  const target = { platform, arch, libc } as Pick<PublishRequest, 'platform' | 'arch' | 'libc'>
  const { version } = variant
  const payload = payloadOf(variant)
  const published = await client.releases.publish({ version, ...target, launcher, files, payload })
  return published.manifest_digest
}

type PublishRequest = Parameters<Client['releases']['publish']>[0]

function payloadOf(variant: Variant): Payload | null {
  if (variant.run === undefined) return null
  return {
    run: [...variant.run],
    health: variant.health === undefined ? null : [...variant.health],
    health_interval_s: 1,
    health_timeout_s: 2,
    stop_timeout_s: 2,
  }
}

async function digestOfAgent(client: Client, builtIn: string, text: string | undefined) {
  return text === undefined ? builtIn : await upload(client, text)
}

export async function upload(client: Client, content: string): Promise<string> {
  const bytes = Buffer.from(content)
  const digest = digestOf(bytes)
  const open = async function* () {
    yield bytes
  }
  await client.releases.uploadArtifact({ digest, open })
  return digest
}

/** Orders a distribution and waits for it. */
export async function order(client: Client, name: string, version: string): Promise<string> {
  const { distribution_id } = await client.distributions.create({
    name,
    platform: 'linux',
    package_type: 'standalone',
    agent_version: version,
    endpoint_tags: ['acceptance'],
  })
  await built(client, distribution_id)
  return distribution_id
}

/** Waits until a distribution that was ordered is built. */
export async function built(client: Client, distributionId: string): Promise<void> {
  await eventually('a built distribution', async () => {
    const { status, message } = await client.distributions.getStatus(distributionId)
    if (status === 'Failed') throw new Error(`the distribution failed: ${message}`)
    return status === 'Completed' ? true : null
  })
}

/** Downloads a package of a distribution into a folder; its path. */
export async function download(
  client: Client,
  distributionId: string,
  wanted: { readonly type: PackageType; readonly folder: string },
): Promise<string> {
  const found = await client.distributions.getDistUrl({
    distribution_id: distributionId,
    package_type: wanted.type,
  })
  const chunks: Uint8Array[] = []
  const source = { url: found.distribution_url, size: found.size, offset: 0 }
  for await (const chunk of client.download(source)) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  if (digestOf(bytes) !== found.sha256) throw new Error('the package is not what its SHA-256 says')
  await mkdir(wanted.folder, { recursive: true })
  const path = join(wanted.folder, found.file_name)
  await writeFile(path, bytes)
  if (path.endsWith('.sh')) await chmod(path, 0o755)
  return path
}
