/** The launcher and agent of a release: from a folder, or those of an earlier release again. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buildFolderName, type Target, targetName } from '../base/platform.ts'
import { accept, type Result } from '../base/result.ts'
import { compareVersions, isAgentVersion } from '../base/version.ts'
import { entryFor } from '../contract/manifest.ts'
import type { ReleaseObject } from '../contract/public/releases.ts'
import type { ApiContext } from './command.ts'
import { type Failure, refuseFailed, refuseUsage } from './outcome.ts'
import { targetOfProgram } from './program-target.ts'
import { type Hashed, hashFiles, type LocalFile } from './upload.ts'

export type ReleaseAgent = {
  readonly launcher: string
  readonly entry: string
  /** What has to be sent if the server lacks it; empty when both are there already. */
  readonly files: readonly Hashed<LocalFile>[]
}

export async function findAgent(
  context: ApiContext,
  target: Target,
  folder: string | undefined,
): Promise<Result<ReleaseAgent, Failure>> {
  return folder === undefined
    ? agentOnServer(context, target)
    : agentInFolder(context, target, folder)
}

async function agentInFolder(
  { io }: ApiContext,
  target: Target,
  folder: string,
): Promise<Result<ReleaseAgent, Failure>> {
  const files: LocalFile[] = []
  for (const name of [launcherFor(target.platform), entryFor(target.platform)]) {
    const source = join(folder, name)
    const stats = await stat(source).catch((error) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    })
    if (stats?.isFile() !== true || stats.size === 0) {
      const hint =
        target.platform === 'android'
          ? 'assets/android has the one that comes with this version.'
          : `"npm run agent:release" builds both into build/agent/${buildFolderName(target)}.`
      return refuseUsage(`--agent ${folder} has no ${name}.`, hint)
    }
    files.push({ source, size: stats.size })
  }
  const flaw = await flawOfLauncher(target, folder)
  if (flaw !== null) return refuseUsage(flaw)
  const [launcher, entry] = await hashFiles(io, files)
  if (launcher === undefined || entry === undefined)
    return refuseUsage(`--agent ${folder} is gone.`)
  return accept({ launcher: launcher.digest, entry: entry.digest, files: [launcher, entry] })
}

/** A release is for ever, and what cannot start cannot go back either. */
async function flawOfLauncher(target: Target, folder: string): Promise<string | null> {
  const name = launcherFor(target.platform)
  const own = await targetOfProgram(join(folder, name))
  if (own === null) return null
  const libc = own.libc ?? target.libc
  const isFor = own.platform === target.platform && own.arch === target.arch && libc === target.libc
  if (isFor) return null
  const there = targetName({ ...own, libc })
  return `--agent ${folder} is for ${there}, not for ${targetName(target)}: its ${name} is.`
}

/** The app is both: there is nothing below it that would start it. */
function launcherFor(platform: Target['platform']): string {
  if (platform === 'android') return entryFor(platform)
  return platform === 'windows' ? 'drydock-agent.exe' : 'drydock-agent'
}

async function agentOnServer(
  { client }: ApiContext,
  target: Target,
): Promise<Result<ReleaseAgent, Failure>> {
  const { releases } = await client.releases.list({ platform: target.platform })
  const newest = releases
    .filter(
      (release) =>
        release.platform === target.platform &&
        release.arch === target.arch &&
        release.libc === target.libc &&
        release.withdrawn_at === null,
    )
    .toSorted(byVersion)
    .at(-1)
  const entry = newest?.files.find(({ path }) => path === entryFor(target.platform))
  if (newest === undefined || entry === undefined) {
    return refuseFailed(
      `the server has no release for ${targetName(target)} to take the agent from`,
      'Give one with --agent DIR; "npm run agent:release" builds it.',
    )
  }
  return accept({ launcher: newest.launcher, entry: entry.digest, files: [] })
}

function byVersion(left: ReleaseObject, right: ReleaseObject): number {
  if (!isAgentVersion(left.version) || !isAgentVersion(right.version)) return 0
  return compareVersions(left.version, right.version)
}
