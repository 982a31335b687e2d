/**
 * The agents that come with the server: one built for the machine it runs on, and the app for
 * Android, which is kept built. They are published as releases, so that a package can be ordered
 * minutes after the first start. Their version is the product's, with a fourth number: `0.1.0` is
 * `0.1.0.0`.
 */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, isDigest } from '../base/digest.ts'
import { causeChain, Fault } from '../base/fault.ts'
import { invariant } from '../base/invariant.ts'
import { ARCHES, type Target, targetName } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import { AGENT_ENTRY, ANDROID_ENTRY } from '../contract/manifest.ts'
import { isForTarget } from '../domain/release/release.ts'
import type { ServerNeeds } from '../server/needs.ts'
import { publishRelease } from '../server/publish-release.ts'
import { storeArtifact } from '../server/store-artifact.ts'
import { SERVER_PARTY } from '../store/audit.ts'
import { loadReleases } from '../store/releases.ts'
import { buildAgent, hostRuntime, hostTarget } from './build-agent.ts'
import { builtInVersion } from './product-version.ts'

/** Made by tools/android-agent.ts, whose tools a server has not. */
const ANDROID_APP = join(import.meta.dirname, '../../assets/android', ANDROID_ENTRY)

/**
 * Publishes those whose version is not there. A machine that no agent can be built on goes without
 * that. `signal` ends it halfway, when the server stops.
 */
export async function publishBuiltIn(
  needs: ServerNeeds,
  workFolder: string,
  signal: AbortSignal,
): Promise<void> {
  const host = hostTarget({ platform: process.platform, arch: process.arch })
  await publishUnlessThere(needs, host, signal, (target) =>
    buildAndPublish(needs, { target, workFolder, signal }),
  )
  await publishAndroidApp(needs, signal)
}

/** The same app on every processor, and a release for each: an endpoint is of one of them. */
export async function publishAndroidApp(needs: ServerNeeds, signal: AbortSignal): Promise<void> {
  for (const arch of ARCHES) {
    const android = { platform: 'android', arch, libc: 'none' } as const
    await publishUnlessThere(needs, android, signal, async (target) => {
      const app = await takeIn(needs, ANDROID_APP, signal)
      await publish(needs, target, { launcher: app, entry: ANDROID_ENTRY, agent: app })
    })
  }
}

async function publishUnlessThere(
  needs: ServerNeeds,
  target: Target,
  signal: AbortSignal,
  make: (target: Target) => Promise<void>,
): Promise<void> {
  const version = builtInVersion()
  const facts = { version, target: targetName(target) }
  try {
    if (signal.aborted || (await isPublished(needs, version, target))) return
    await make(target)
    needs.log.info(facts, 'the agent that comes with this server is in the catalogue')
  } catch (error) {
    // Best effort: whoever stops the server has not asked for an agent; the next start builds it.
    if (signal.aborted) return
    // Best effort: without it the server serves what is published; the next start tries again.
    needs.log.error({ ...facts, error: causeChain(error) }, 'the built-in agent was not published')
  }
}

async function isPublished(
  needs: ServerNeeds,
  version: AgentVersion,
  target: Target,
): Promise<boolean> {
  const found = await loadReleases(needs.database.read, {
    platform: target.platform,
    versions: [version],
  })
  return found.some((release) => isForTarget(release, target))
}

async function buildAndPublish(
  needs: ServerNeeds,
  order: {
    readonly target: Target
    readonly workFolder: string
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { target, workFolder, signal } = order
  const runtimePath = hostRuntime(target)
  if (runtimePath === null) {
    const doing = `looking for the runtime of ${targetName(target)} in node_modules`
    throw new Fault({ code: 'agent-runtime-missing', doing, retry: 'never' })
  }
  const facts = { version: builtInVersion(), target: targetName(target) }
  needs.log.info(facts, 'building the agent that comes with this server')
  try {
    const outDir = join(workFolder, targetName(target))
    const built = await buildAgent({ target, runtimePath, outDir, signal })
    const launcher = await takeIn(needs, built.launcher, signal)
    const agent = await takeIn(needs, built.agent, signal)
    await publish(needs, target, { launcher, entry: AGENT_ENTRY, agent })
  } finally {
    await rm(workFolder, { recursive: true, force: true })
  }
}

async function publish(
  needs: ServerNeeds,
  target: Target,
  built: { readonly launcher: Digest; readonly entry: string; readonly agent: Digest },
): Promise<void> {
  const version = builtInVersion()
  const files = [{ path: built.entry, digest: built.agent, executable: false }]
  const about = { version, target, notes: 'Comes with the server.', payload: null, floors: null }
  const release = { ...about, launcher: built.launcher, files }
  const published = await publishRelease(needs, release, SERVER_PARTY)
  if (published.ok) return
  const doing = `publishing ${version}: ${published.refusal.code}`
  throw new Fault({ code: 'built-in-refused', doing, retry: 'never' })
}

async function takeIn(needs: ServerNeeds, path: string, signal: AbortSignal): Promise<Digest> {
  const digest = await digestOfFile(path)
  const stored = await storeArtifact(needs, digest, createReadStream(path, { signal }))
  if (stored.ok) return stored.value.digest
  const doing = `storing ${path}: ${stored.refusal.code}`
  throw new Fault({ code: 'built-in-refused', doing, retry: 'never' })
}

async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part)
  const digest = hash.digest('hex')
  invariant(isDigest(digest), 'a SHA-256 in hexadecimal is a digest')
  return digest
}
