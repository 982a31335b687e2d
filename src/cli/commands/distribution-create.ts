import * as z from 'zod'
import { PLATFORMS } from '../../base/platform.ts'
import { accept } from '../../base/result.ts'
import { createDistribution } from '../../contract/public/distributions.ts'
import {
  awaitDistribution,
  type DownloadOrder,
  downloadPackages,
  parseDownload,
  WAIT_S_DEFAULT,
} from '../await-package.ts'
import { CLUSTER_OPTIONS, readClusterOptions } from '../cluster-options.ts'
import { defineApiCommand, type Values } from '../command.ts'
import { ENROLMENT_OPTIONS, readEnrolmentLimits } from '../enrolment-options.ts'
import { flawOfChoice, flawOfWholeNumber, wholeNumberOr } from '../option-values.ts'
import { EXIT, type Outcome, refuseUsage } from '../outcome.ts'
import { bytesText } from '../print.ts'

const KINDS = ['standalone', 'upgrade', 'kubernetes', 'helm'] as const

const OPTIONS = {
  name: { kind: 'text', value: 'NAME', isRequired: true, help: 'what to call it' },
  kind: { kind: 'text', value: 'KIND', help: `${KINDS.join(', ')} (default: standalone)` },
  platform: {
    kind: 'text',
    value: 'NAME',
    help: 'linux, windows, macos or android',
  },
  version: { kind: 'text', value: 'N', help: 'of the agent, or latest (default: latest)' },
  tag: { kind: 'list', value: 'NAME', help: 'a tag that every endpoint of it gets' },
  proxy: { kind: 'list', value: 'HOST:PORT', help: 'a proxy its agents may use' },
  description: { kind: 'text', value: 'TEXT', help: 'for people' },
  ...ENROLMENT_OPTIONS,
  ...CLUSTER_OPTIONS,
  wait: { kind: 'flag', help: 'until its packages are built' },
  download: {
    kind: 'list',
    value: 'TYPE[=PATH]',
    help: 'wait, and fetch a package: deb, rpm, x64, pkg, yaml, ...',
  },
  timeout: { kind: 'text', value: 'S', help: `seconds to wait (default: ${WAIT_S_DEFAULT})` },
} as const

export const distributionCreate = defineApiCommand({
  name: 'distribution create',
  summary: 'Order installation packages whose agents enrol here',
  notes: [
    'A download that was interrupted is taken up by "drydock distribution download". The file',
    'holds an enrolment token, so it is readable by its owner only.',
  ],
  options: OPTIONS,
  async run(context, values) {
    const limits = readEnrolmentLimits(values, context.io.clock.now())
    if (!limits.ok) return limits
    const cluster = readClusterOptions(values)
    if (!cluster.ok) return cluster
    const request = { ...requestFrom(values), ...limits.value, ...cluster.value }
    const order = createDistribution.safeParse(request)
    const flaw =
      flawOfKind(values) ??
      flawOfWholeNumber('--timeout', values.timeout, { least: 1, most: 86_400 })
    if (flaw !== null) return refuseUsage(flaw)
    if (!order.success) {
      return refuseUsage('This cannot be ordered.', z.prettifyError(order.error))
    }
    const downloads: DownloadOrder[] = []
    for (const text of values.download) {
      const download = parseDownload(text)
      if (!download.ok) return download
      downloads.push(download.value)
    }
    const { distribution_id: id } = await context.client.distributions.create(order.data)
    if (!values.wait && downloads.length === 0) {
      const lines = [id, `Ask "drydock distribution status ${id}" whether it is built.`]
      return accept({ exitCode: EXIT.done, lines, json: { distribution_id: id } })
    }
    const limitS = wholeNumberOr(values.timeout, WAIT_S_DEFAULT)
    return finish(context, id, { limitS, downloads })
  },
})

function flawOfKind(values: Values<typeof OPTIONS>): string | null {
  const { kind = 'standalone', platform } = values
  const flaw = flawOfChoice('--kind', kind, KINDS)
  if (flaw !== null) return flaw
  if (kind === 'kubernetes' || kind === 'helm') {
    return platform === undefined ? null : `--platform is not for ${kind}: leave it out.`
  }
  if (platform === undefined) return `--platform is missing: one of ${PLATFORMS.join(', ')}.`
  return flawOfChoice('--platform', platform, PLATFORMS)
}

function requestFrom(values: Values<typeof OPTIONS>) {
  return {
    name: values.name,
    package_type: values.kind ?? 'standalone',
    ...(values.platform === undefined ? {} : { platform: values.platform }),
    agent_version: values.version ?? 'latest',
    endpoint_tags: values.tag,
    proxy: values.proxy,
    description: values.description ?? null,
  }
}

async function finish(
  context: Parameters<typeof awaitDistribution>[0],
  id: string,
  wanted: { readonly limitS: number; readonly downloads: readonly DownloadOrder[] },
): Promise<Outcome> {
  // Known before anything else can go wrong: it exists from here on.
  context.io.stderr.write(`Distribution ${id} is ordered.\n`)
  const status = await awaitDistribution(context, id, wanted.limitS)
  if (!status.ok) return status
  const files = await downloadPackages(context, id, wanted.downloads)
  if (!files.ok) return files
  const types = status.value.supported_packages
  const lines = [
    id,
    `Completed: ${types.join(', ')}.`,
    ...files.value.map(({ path, size, sha256 }) => `${path}  ${bytesText(size)}  sha256 ${sha256}`),
  ]
  const json = { distribution_id: id, ...status.value, downloads: files.value }
  return accept({ exitCode: EXIT.done, lines, json })
}
