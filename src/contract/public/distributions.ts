/**
 * `distributions/*`: the documented calls, in the wire's own spelling (create-distributions.txt).
 */
import * as z from 'zod'
import { proxyAddress, tagName } from '../agent/installation.ts'
import { hexId, versionText } from '../schema.ts'
import { publicCall } from './call.ts'
import { folded } from './list.ts'

/** The console's rule for names: letters, digits, hyphen, underscore, comma, space; at most 100. */
export const distributionName = z
  .string()
  .trim()
  .min(1, 'a name of 1 to 100 characters')
  .max(100, 'a name of 1 to 100 characters')
  .regex(/^[\p{L}\p{N}_,. -]+$/u, 'letters, digits, hyphen, underscore, comma, dot and space')

/** The three names that the document's examples put where a version belongs. */
export const VERSION_FIELDS = ['windows_version', 'linux_version', 'macos_version'] as const

const nullableText = (max: number) => z.string().max(max).nullish()
const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a Kubernetes namespace: a DNS label')
const labelText = z.string().max(253)

export const createDistribution = z.strictObject({
  name: distributionName,
  description: nullableText(1000),
  package_type: folded(['standalone', 'upgrade', 'kubernetes', 'helm', 'serverless']),
  /** Also `kubernetes` and `helm`, because the document's sentence on `standalone` says so. */
  platform: folded([
    'windows',
    'linux',
    'macos',
    'android',
    'kubernetes',
    'helm',
    'serverless',
  ]).nullish(),
  agent_version: z.union([versionText, z.enum(VERSION_FIELDS), z.literal('latest')]).nullish(),
  windows_version: versionText.nullish(),
  linux_version: versionText.nullish(),
  macos_version: versionText.nullish(),
  deployment_platform: folded([
    'standard',
    'openshift',
    'gcos',
    'bottlerocket',
    'gke_autopilot',
  ]).nullish(),
  default_namespace: dnsLabel.nullish(),
  node_selector: z.record(labelText, z.string().max(63).nullable()).nullish(),
  proxy: z.array(proxyAddress).max(5).nullish(),
  cluster_name: nullableText(255),
  run_on_master_node: z.boolean().nullish(),
  run_on_all_nodes: z.boolean().nullish(),
  endpoint_tags: z.array(tagName).max(100).nullish(),
})
export type CreateDistributionRequest = z.infer<typeof createDistribution>
export const createDistributionReply = z.object({ distribution_id: hexId })

export const distributionRef = z.strictObject({ distribution_id: hexId })

export const DISTRIBUTION_STATUSES = ['In progress', 'Completed', 'Failed'] as const
/** `status` is documented; why it failed is ours. */
export const distributionStatusReply = z.object({
  status: z.enum(DISTRIBUTION_STATUSES),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  /** What `get_dist_url` takes; empty until `Completed`. */
  supported_packages: z.array(z.string()),
})

/** What can be asked of `get_dist_url`; which of them a distribution has, its status tells. */
export const PACKAGE_TYPES = [
  'upgrade',
  'sh',
  'rpm',
  'deb',
  'aarch64_sh',
  'aarch64_rpm',
  'aarch64_deb',
  'pkg',
  'x64',
  'x86',
  'arm',
  'yaml',
  'helm',
  'apk',
  'qr',
] as const
export type PackageType = (typeof PACKAGE_TYPES)[number]

export const getDistributionUrl = z.strictObject({
  distribution_id: hexId,
  package_type: folded(PACKAGE_TYPES),
  /** The original's console sends it; it means nothing here. */
  cpu_type: z.string().nullish(),
})
/** `distribution_url` is documented; the rest is ours. */
export const distributionUrlReply = z.object({
  distribution_url: z.string(),
  file_name: z.string(),
  size: z.int(),
  sha256: z.string(),
  /** Milliseconds UTC: until then the URL works without headers. */
  expires_at: z.int(),
})

/** Takes nothing; what clients send is not looked at. */
export const getVersions = z.unknown()
/** Ascending: the last of a platform is the newest. */
export const versionsReply = z.record(z.string(), z.array(z.string()))

export const createDistributionCall = publicCall({
  path: 'distributions/create',
  summary:
    'Orders an installation package. The order is durable when this answers; get_status tells ' +
    'how building it went.',
  origin: 'documented',
  request: createDistribution,
  reply: createDistributionReply,
  isRepeatable: false,
})
export const getDistributionStatusCall = publicCall({
  path: 'distributions/get_status',
  summary: 'Tells whether a distribution has been built.',
  origin: 'documented',
  request: distributionRef,
  reply: distributionStatusReply,
  isRepeatable: true,
})
export const getDistributionUrlCall = publicCall({
  path: 'distributions/get_dist_url',
  summary: 'Gives the address of a package, which works for a day without an API key.',
  origin: 'documented',
  request: getDistributionUrl,
  reply: distributionUrlReply,
  isRepeatable: true,
})
export const getVersionsCall = publicCall({
  path: 'distributions/get_versions',
  summary: 'Lists the agent versions that packages can be built of, by platform, oldest first.',
  origin: 'documented',
  request: getVersions,
  reply: versionsReply,
  isRepeatable: true,
})
