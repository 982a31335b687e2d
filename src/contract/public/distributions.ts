/**
 * `distributions/*`: the documented calls, in the wire's own spelling (create-distributions.txt).
 */
import * as z from 'zod'
import { proxyAddress, tagName } from '../agent/installation.ts'
import { hexId, versionText } from '../schema.ts'
import { publicCall } from './call.ts'
import { CREATE_EXAMPLES } from './distribution-examples.ts'
import {
  CLUSTER_NAME_CHARACTERS_MAX,
  DESCRIPTION_CHARACTERS_MAX,
  DISTRIBUTION_TAGS_MAX,
  ENROLMENTS_MAX,
  NAME_CHARACTERS_MAX,
  NODE_LABELS_MAX,
  PROXIES_MAX,
} from './limits.ts'
import { columnNames, folded, listFilters, listSort, searchPage } from './list.ts'

const NAME_LENGTH = `a name of 1 to ${NAME_CHARACTERS_MAX} characters`

/**
 * The console's rule for names: letters, digits, hyphen, underscore, comma, space; at most 100.
 * Dots, and the angle brackets of the document's own examples, are let through too.
 */
export const distributionName = z
  .string()
  .trim()
  .min(1, NAME_LENGTH)
  .max(NAME_CHARACTERS_MAX, NAME_LENGTH)
  .regex(/^[\p{L}\p{N}_,.<> -]+$/u, 'letters, digits, hyphen, underscore, comma, dot and space')

/** The three names that the document's examples put where a version belongs. */
export const VERSION_FIELDS = ['windows_version', 'linux_version', 'macos_version'] as const

const nullableText = (max: number) => z.string().max(max).nullish()
const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a Kubernetes namespace: a DNS label')
/** "Labels and Selectors", syntax: an optional DNS name and a slash, then a name. */
const labelKey = z
  .string()
  .regex(
    /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/,
    'the key of a Kubernetes label',
  )
const labelValue = z
  .string()
  .regex(/^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/, 'the value of a Kubernetes label')
const clusterName = z
  .string()
  .max(CLUSTER_NAME_CHARACTERS_MAX)
  .regex(/^\P{Cc}*$/u, 'a name without control characters')

/**
 * September 2001: a time before it was given in seconds. What merely lies in the past may be said,
 * because it ends enrolment, and because the same order may come again later.
 */
const ENROL_UNTIL_MIN = 1_000_000_000_000

/** Ours. Null: any number of endpoints, and for ever; `enrol_until` is milliseconds UTC. */
const enrolmentLimits = {
  enrolments_max: z.int().min(0).max(ENROLMENTS_MAX).nullish(),
  enrol_until: z.int().min(ENROL_UNTIL_MIN, 'milliseconds since 1970, not seconds').nullish(),
}

const PACKAGE_KINDS = ['standalone', 'upgrade', 'kubernetes', 'helm', 'serverless'] as const

export const createDistribution = z.strictObject({
  name: distributionName,
  description: nullableText(DESCRIPTION_CHARACTERS_MAX),
  package_type: folded(PACKAGE_KINDS),
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
  node_selector: z
    .record(labelKey, labelValue.nullable())
    .refine((labels) => Object.keys(labels).length <= NODE_LABELS_MAX, {
      message: `at most ${NODE_LABELS_MAX} labels`,
    })
    .nullish(),
  proxy: z.array(proxyAddress).max(PROXIES_MAX).nullish(),
  cluster_name: clusterName.nullish(),
  run_on_master_node: z.boolean().nullish(),
  run_on_all_nodes: z.boolean().nullish(),
  endpoint_tags: z.array(tagName).max(DISTRIBUTION_TAGS_MAX).nullish(),
  ...enrolmentLimits,
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
  'aarch64_upgrade',
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
  /**
   * Of `apk` and `qr`: a page for a phone's browser, which works for as long as the distribution's
   * token does.
   */
  enrolment_url: z.string().optional(),
})

/** Takes nothing; what clients send is not looked at. */
export const getVersions = z.unknown()
/** Ascending: the last of a platform is the newest. */
export const versionsReply = z.record(z.string(), z.array(z.string()))

export const LISTED_STATUSES = ['in_progress', 'completed', 'failed'] as const

export const getDistributions = z.strictObject({
  filters: listFilters,
  ...searchPage,
  sort: listSort([
    'distribution_id',
    'name',
    'description',
    'package_type',
    'platform',
    'agent_version',
    'status',
  ]),
  fields: columnNames,
})
export type GetDistributionsRequest = z.infer<typeof getDistributions>

export const distributionObject = z.object({
  distribution_id: hexId,
  name: z.string(),
  description: z.string().nullable(),
  package_type: z.enum(PACKAGE_KINDS),
  platform: z.string(),
  agent_version: z.string(),
  status: z.enum(LISTED_STATUSES),
  /** Those that its endpoints get. */
  tags: z.array(z.string()),
  /** Versions have no end of life here. */
  eol_time: z.int().nullable(),
  created_by: z.string(),
  creation_time: z.int(),
  modification_time: z.int(),
  /** What `get_dist_url` takes; empty until it is completed. */
  supported_packages: z.array(z.string()),
  /** Ours, from here on: how many endpoints enrolled with it last and are not deleted. */
  enrolments: z.int(),
  enrolments_max: z.int().nullable(),
  enrol_until: z.int().nullable(),
})
export type DistributionObject = z.infer<typeof distributionObject>
/** What is answered to whoever names no columns. */
export const wholeDistributionsReply = z.object({
  data: z.array(distributionObject),
  filter_count: z.int(),
  total_count: z.int(),
})
export const getDistributionsReply = wholeDistributionsReply.extend({
  /** Only the columns that were asked for, where `fields` names some. */
  data: z.array(distributionObject.partial()),
})

/** Ours: what is absent stays as it is, null takes a limit or the description away. */
export const updateDistribution = z
  .strictObject({
    distribution_id: hexId,
    name: distributionName.optional(),
    description: nullableText(DESCRIPTION_CHARACTERS_MAX),
    /** The packages made so far let nobody in any more, and are built anew. */
    revoke_token: z.boolean().optional(),
    ...enrolmentLimits,
  })
  .refine(
    (asked) => Object.values(asked).some((value, index) => index > 0 && value !== undefined),
    {
      message:
        'at least one of name, description, revoke_token, enrolments_max, enrol_until to change',
    },
  )
export type UpdateDistributionRequest = z.infer<typeof updateDistribution>

export const createDistributionCall = publicCall({
  path: 'distributions/create',
  summary:
    'Orders an installation package. The order is durable when this answers; get_status tells ' +
    'how building it went. The same order under the same name gets the same answer; another ' +
    'order under a name that is taken is refused.',
  origin: 'documented',
  request: createDistribution,
  reply: createDistributionReply,
  isRepeatable: true,
  examples: CREATE_EXAMPLES,
})
export const getDistributionStatusCall = publicCall({
  path: 'distributions/get_status',
  summary: 'Tells whether a distribution has been built.',
  origin: 'documented',
  request: distributionRef,
  reply: distributionStatusReply,
  isRepeatable: true,
  examples: [
    {
      name: 'documented',
      request: { distribution_id: '588a56de313549b49d70d14d4c1fd0e3' },
      reply: { status: 'Completed' },
    },
  ],
})
export const getDistributionUrlCall = publicCall({
  path: 'distributions/get_dist_url',
  summary: 'Gives the address of a package, which works for a day without an API key.',
  origin: 'documented',
  request: getDistributionUrl,
  reply: distributionUrlReply,
  isRepeatable: true,
  examples: [
    {
      name: 'documented',
      request: { distribution_id: '588a56de313549b49d70d14d4c1fd0e3', package_type: 'sh' },
    },
  ],
})
export const getVersionsCall = publicCall({
  path: 'distributions/get_versions',
  summary: 'Lists the agent versions that packages can be built of, by platform, oldest first.',
  origin: 'documented',
  request: getVersions,
  reply: versionsReply,
  isRepeatable: true,
  examples: [
    {
      name: 'documented',
      request: {},
      reply: { windows: ['7.0.0.27797'], linux: ['7.0.0.1915'], macos: ['7.0.0.1914'] },
    },
  ],
})
export const getDistributionsCall = publicCall({
  path: 'distributions/get_distributions',
  summary: 'Lists distributions: filtered, sorted, a page of at most a hundred at a time.',
  origin: 'documented',
  request: getDistributions,
  reply: getDistributionsReply,
  isRepeatable: true,
  examples: [
    { name: 'everything', request: {} },
    {
      name: 'documented',
      request: {
        search_from: 0,
        search_to: 100,
        sort: { field: 'distribution_id', keyword: 'asc' },
        filters: [{ field: 'platform', operator: 'eq', value: 'macos' }],
      },
    },
  ],
})
export const deleteDistributionCall = publicCall({
  path: 'distributions/delete',
  summary:
    'Deletes a distribution: nobody enrols with its packages any more, and links to them stop ' +
    'working. Endpoints that enrolled with it go on.',
  origin: 'documented',
  request: distributionRef,
  reply: z.literal(true),
  isRepeatable: false,
  examples: [
    {
      name: 'documented',
      request: { distribution_id: '36ffe3f7ab7c4e7188e27d633ea72c3d' },
      reply: true,
    },
  ],
})
export const updateDistributionCall = publicCall({
  path: 'distributions/update',
  summary:
    'Changes the name, the description or the limits of a distribution, or revokes the token in ' +
    'its packages and has them built anew.',
  origin: 'ours',
  request: updateDistribution,
  reply: distributionObject,
  isRepeatable: false,
  examples: [
    {
      name: 'at most fifty endpoints, until the end of 2026',
      request: {
        distribution_id: '588a56de313549b49d70d14d4c1fd0e3',
        enrolments_max: 50,
        enrol_until: 1_798_761_600_000,
      },
      reply: {
        distribution_id: '588a56de313549b49d70d14d4c1fd0e3',
        name: 'web servers',
        description: null,
        package_type: 'standalone',
        platform: 'linux',
        agent_version: '8.6.0.5678',
        status: 'completed',
        tags: [],
        eol_time: null,
        created_by: 'api-key:1',
        creation_time: 1_764_547_200_000,
        modification_time: 1_764_550_800_000,
        supported_packages: ['sh', 'deb'],
        enrolments: 0,
        enrolments_max: 50,
        enrol_until: 1_798_761_600_000,
      },
    },
  ],
})
