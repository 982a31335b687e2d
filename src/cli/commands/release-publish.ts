/**
 * Publishing in the order that finds everything wrong before the first byte is sent: the options,
 * the payload, the programs, the agent, the whole order against the contract; then what the server
 * lacks goes up, and the release becomes one at the very end.
 */
import * as z from 'zod'
import { ARCHES, LIBCS, PLATFORMS, type Target, targetName } from '../../base/platform.ts'
import { accept, type Result } from '../../base/result.ts'
import { entryFor, MANIFEST_BYTES_MAX, type ManifestPayload } from '../../contract/manifest.ts'
import { type PublishReleaseRequest, publishRelease } from '../../contract/public/releases.ts'
import { type ApiContext, defineApiCommand, type Values } from '../command.ts'
import { flawOfChoice, flawOfVersion, flawOfWholeNumber, wholeNumberOr } from '../option-values.ts'
import { EXIT, type Failure, type Outcome, refuseFailed, refuseUsage } from '../outcome.ts'
import { findPayload, type SourceFile } from '../payload.ts'
import { parseProgram } from '../payload-program.ts'
import { bytesText, counted, printable } from '../print.ts'
import { findAgent, type ReleaseAgent } from '../release-agent.ts'
import { type Hashed, hashFiles, missingOnServer, uploadFiles } from '../upload.ts'

const OPTIONS = {
  version: {
    kind: 'text',
    value: 'N',
    isRequired: true,
    help: 'four numbers joined by dots, such as 8.6.0.1',
  },
  platform: {
    kind: 'text',
    value: 'NAME',
    isRequired: true,
    help: 'linux, windows, macos or android',
  },
  arch: { kind: 'text', value: 'NAME', isRequired: true, help: 'x64 or arm64' },
  libc: { kind: 'text', value: 'NAME', help: 'glibc or musl; linux only (default: glibc)' },
  agent: {
    kind: 'text',
    value: 'DIR',
    help: 'with drydock-agent and agent.mjs, or agent.apk (default: the newest there)',
  },
  payload: { kind: 'text', value: 'DIR', help: 'your own program and what belongs to it' },
  run: { kind: 'text', value: 'LINE', help: 'how to run it: "bin/x --flag", within --payload' },
  health: { kind: 'text', value: 'LINE', help: 'a program that ends with 0 when all is well' },
  'health-interval': { kind: 'text', value: 'S', help: 'seconds between two checks (default: 30)' },
  'health-timeout': { kind: 'text', value: 'S', help: 'seconds a check may take (default: 10)' },
  'stop-timeout': { kind: 'text', value: 'S', help: 'seconds to stop in (default: 10)' },
  notes: { kind: 'text', value: 'TEXT', help: 'what is new' },
  'floor-os': { kind: 'text', value: 'N', help: 'oldest version of the system to upgrade on' },
  'floor-kernel': { kind: 'text', value: 'N', help: 'oldest kernel to upgrade on' },
  'floor-agent': { kind: 'text', value: 'N', help: 'oldest agent to upgrade from' },
} as const

type PublishValues = Values<typeof OPTIONS>
type ProgramFiles = {
  readonly files: readonly SourceFile[]
  readonly payload: ManifestPayload | null
}

export const releasePublish = defineApiCommand({
  name: 'release publish',
  summary: 'Put a version, with your own program, into the catalogue',
  notes: [
    '--run and --health are split into words as a shell does it (quotes, backslashes), and nothing',
    'in them is expanded. Symbolic links in the payload become the files they point to. Publishing',
    'the same again is harmless; other files under the same version are refused.',
  ],
  options: OPTIONS,
  async run(context, values) {
    const target = targetFrom(values)
    if (!target.ok) return target
    const own = await ownProgram(context, values)
    if (!own.ok) return own
    const agent = await findAgent(context, target.value, values.agent)
    if (!agent.ok) return agent
    return publish(context, { values, target: target.value, own: own.value, agent: agent.value })
  },
})

function targetFrom(values: PublishValues): Result<Target, Failure> {
  const platform = PLATFORMS.find((each) => each === values.platform)
  const arch = ARCHES.find((each) => each === values.arch)
  const libc = LIBCS.find(
    (each) => each === (values.libc ?? (platform === 'linux' ? 'glibc' : 'none')),
  )
  const flaw =
    flawOfVersion('--version', values.version) ??
    flawOfChoice('--platform', values.platform, PLATFORMS) ??
    flawOfChoice('--arch', values.arch, ARCHES) ??
    flawOfChoice('--libc', values.libc, ['glibc', 'musl'])
  if (flaw !== null) return refuseUsage(flaw)
  if (platform === undefined || arch === undefined || libc === undefined) {
    return refuseUsage('--platform, --arch and --libc name no target.')
  }
  if (platform !== 'linux' && values.libc !== undefined) {
    return refuseUsage(`--libc is for linux; ${platform} has one C library only.`)
  }
  return accept({ platform, arch, libc })
}

async function ownProgram(
  { io }: ApiContext,
  values: PublishValues,
): Promise<Result<ProgramFiles, Failure>> {
  const forPayload = ['run', 'health', 'health-interval', 'health-timeout', 'stop-timeout'] as const
  if (values.payload === undefined) {
    const alone = forPayload.find((name) => values[name] !== undefined)
    if (alone !== undefined) return refuseUsage(`--${alone} says nothing without --payload DIR.`)
    return accept({ files: [], payload: null })
  }
  if (values.run === undefined) {
    return refuseUsage('--payload needs --run LINE: how to run what is in it.')
  }
  const times = timesFrom(values)
  if (!times.ok) return times
  const found = await findPayload(values.payload)
  if (!found.ok) return found
  const { files, emptyFolders } = found.value
  const run = parseProgram('--run', values.run, files)
  if (!run.ok) return run
  const health =
    values.health === undefined ? accept(null) : parseProgram('--health', values.health, files)
  if (!health.ok) return health
  if (emptyFolders.length > 0) {
    const names = printable(emptyFolders.slice(0, 5).join(', '))
    io.stderr.write(`Note: a release has no empty folders; left out: ${names}\n`)
  }
  const payload = { run: [...run.value], health: health.value && [...health.value], ...times.value }
  return accept({ files, payload })
}

function timesFrom(values: PublishValues) {
  const flaw =
    flawOfWholeNumber('--health-interval', values['health-interval'], { least: 1, most: 3600 }) ??
    flawOfWholeNumber('--health-timeout', values['health-timeout'], { least: 1, most: 300 }) ??
    flawOfWholeNumber('--stop-timeout', values['stop-timeout'], { least: 0, most: 300 })
  if (flaw !== null) return refuseUsage(flaw)
  return accept({
    health_interval_s: wholeNumberOr(values['health-interval'], 30),
    health_timeout_s: wholeNumberOr(values['health-timeout'], 10),
    stop_timeout_s: wholeNumberOr(values['stop-timeout'], 10),
  })
}

type Publication = {
  readonly values: PublishValues
  readonly target: Target
  readonly own: ProgramFiles
  readonly agent: ReleaseAgent
}

async function publish(context: ApiContext, publication: Publication): Promise<Outcome> {
  const { io, client } = context
  const { values, target, own, agent } = publication
  const hashed = await hashFiles(io, own.files)
  const order = publishRelease.safeParse({
    version: values.version,
    ...target,
    notes: values.notes ?? null,
    launcher: agent.launcher,
    files: filesOf(target, agent, hashed),
    payload: own.payload,
    ...floorsFrom(values),
  })
  if (!order.success) {
    return refuseUsage('This cannot be a release.', z.prettifyError(order.error))
  }
  if (manifestBytesMin(order.data) > MANIFEST_BYTES_MAX) {
    const files = `${counted(order.data.files.length, 'file')} with such long paths`
    return refuseUsage(
      `A release cannot list ${files}: that is more than ${bytesText(MANIFEST_BYTES_MAX)}.`,
      'Shorten their paths, or pack those that belong together into one file.',
    )
  }
  const digests = [order.data.launcher, ...order.data.files.map(({ digest }) => digest)]
  const missing = await missingOnServer(client, digests)
  const local = [...agent.files, ...hashed]
  const lost = [...missing].filter((digest) => !local.some((file) => file.digest === digest))
  if (lost.length > 0) {
    return refuseFailed('the server has lost the agent of its newest release', 'Give --agent DIR.')
  }
  const toSend = local.filter(({ digest }) => missing.has(digest))
  await uploadFiles(io, client, toSend)
  const reply = await client.releases.publish(order.data)
  const name = `${reply.version} for ${targetName(target)}`
  const sent = new Map(toSend.map(({ digest, size }) => [digest, size]))
  const sentBytes = sent.values().reduce((sum, size) => sum + size, 0)
  const lines = reply.is_new
    ? [`Published ${name}: ${counted(sent.size, 'file')} sent, ${bytesText(sentBytes)}.`]
    : [`${name} was there before, with these very files.`]
  const json = { ...reply, sent_files: sent.size, sent_bytes: sentBytes }
  return accept({ exitCode: EXIT.done, lines, json })
}

/** Nothing when none is given: what is there keeps its own. */
function floorsFrom(values: PublishValues): Pick<PublishReleaseRequest, 'floors'> {
  const { 'floor-os': system, 'floor-kernel': kernel, 'floor-agent': agent } = values
  const floors = { os_version: system, kernel, agent_version: agent }
  return Object.values(floors).every((floor) => floor === undefined) ? {} : { floors }
}

/** The server knows what the files compress to; the manifest is at least this large. */
function manifestBytesMin({ files }: PublishReleaseRequest): number {
  const least = files.map((file) => ({ ...file, size: 0, gzip_digest: file.digest, gzip_size: 0 }))
  return Buffer.byteLength(JSON.stringify(least))
}

function filesOf(
  { platform }: Target,
  agent: ReleaseAgent,
  payload: readonly Hashed<SourceFile>[],
) {
  const entry = { path: entryFor(platform), digest: agent.entry, executable: false }
  const own = payload.map(({ path, digest, executable }) => ({ path, digest, executable }))
  return [entry, ...own].toSorted((left, right) => (left.path < right.path ? -1 : 1))
}
