/**
 * What an order means. The document contradicts itself about versions and platforms, and clients
 * read it each in their own way; every reading that can only mean one thing is taken:
 *
 * - `agent_version` may be a version, `latest`, absent (the newest), or one of the names
 *   `windows_version`,
 *   `linux_version`, `macos_version`: then it is that field's value, else the newest, and names the
 *   platform too.
 * - `standalone` with the platform `kubernetes` or `helm` is that kind, which runs on linux.
 * - An `upgrade` names its platform by the one version field it fills. There is none for Android,
 *   which takes a newer app over an older one.
 */
import type { Platform } from '../../../base/platform.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import type { AgentVersion } from '../../../base/version.ts'
import {
  type CreateDistributionRequest,
  VERSION_FIELDS,
} from '../../../contract/public/distributions.ts'
import type { FieldError } from '../../../contract/schema.ts'
import type { CreateDistribution } from '../../../domain/distribution/create-distribution.ts'
import type {
  ClusterPlacement,
  DistributionKind,
} from '../../../domain/distribution/distribution.ts'

type Wire = CreateDistributionRequest
type VersionField = (typeof VERSION_FIELDS)[number]
type Read<Value> = Result<Value, readonly FieldError[]>

const PLATFORM_OF: Readonly<Record<VersionField, Platform>> = {
  windows_version: 'windows',
  linux_version: 'linux',
  macos_version: 'macos',
}

export function readOrder(wire: Wire): Read<CreateDistribution['order']> {
  if (wire.package_type === 'serverless' || wire.platform === 'serverless') {
    const field = wire.package_type === 'serverless' ? 'package_type' : 'platform'
    return bad(field, 'serverless functions have no agent here')
  }
  const platform = readPlatform(wire)
  if (!platform.ok) return platform
  const version = readVersion(wire, platform.value)
  if (!version.ok) return version
  return accept({
    name: wire.name,
    description: wire.description ?? null,
    kind: readKind(wire),
    platform: platform.value,
    version: version.value,
    endpointTags: [...new Set(wire.endpoint_tags ?? [])],
    proxy: wire.proxy ?? [],
    clusterName: wire.cluster_name ?? null,
    placement: readPlacement(wire),
    limits: { endpointsMax: wire.enrolments_max ?? null, until: wire.enrol_until ?? null },
  })
}

function readKind(wire: Wire): DistributionKind {
  const { package_type: type, platform } = wire
  if (type === 'kubernetes' || type === 'helm') return type
  if (type === 'upgrade') return 'in-place'
  return platform === 'kubernetes' || platform === 'helm' ? platform : 'standalone'
}

function readPlatform(wire: Wire): Read<Platform> {
  const kind = readKind(wire)
  const named = namedPlatform(wire)
  if (kind === 'kubernetes' || kind === 'helm') {
    return named === null || named === 'linux'
      ? accept('linux')
      : bad('platform', `${kind} packages are for linux`)
  }
  const implied = impliedPlatform(wire)
  if (!implied.ok) return implied
  if (named === null && implied.value === null) return missing('platform')
  if (named !== null && implied.value !== null && named !== implied.value) {
    return bad('agent_version', `it speaks of ${implied.value}, platform says ${named}`)
  }
  const platform = named ?? implied.value ?? 'linux'
  return kind === 'in-place' && platform === 'android'
    ? bad('platform', 'there are no upgrade packages for android: a newer apk is one')
    : accept(platform)
}

function namedPlatform(wire: Wire): Platform | null {
  const { platform } = wire
  if (platform === 'kubernetes' || platform === 'helm') return 'linux'
  if (platform === 'serverless') return null
  return platform ?? null
}

/** What the version fields say of the platform, where `platform` itself is not there to say it. */
function impliedPlatform(wire: Wire): Read<Platform | null> {
  const literal = versionFieldNamed(wire)
  if (literal !== null) return accept(PLATFORM_OF[literal])
  if (wire.platform != null) return accept(null)
  const filled = VERSION_FIELDS.filter((field) => wire[field] != null)
  const [first, second] = filled
  if (second !== undefined) return bad(second, `with ${first} there: name the platform`)
  return accept(first === undefined ? null : PLATFORM_OF[first])
}

function versionFieldNamed(wire: Wire): VersionField | null {
  return VERSION_FIELDS.find((field) => field === wire.agent_version) ?? null
}

/** Null: the newest. */
function readVersion(wire: Wire, platform: Platform): Read<AgentVersion | null> {
  const own = VERSION_FIELDS.find((field) => PLATFORM_OF[field] === platform)
  const sibling = own === undefined ? null : (wire[own] ?? null)
  const asked = versionFieldNamed(wire) === null ? (wire.agent_version ?? null) : null
  if (asked === null || asked === 'latest') {
    return accept(asked === null ? branded(sibling) : null)
  }
  if (sibling !== null && sibling !== asked) {
    return bad('agent_version', `it says ${asked}, ${own} says ${sibling}`)
  }
  return accept(branded(asked))
}

/** The schema checked its spelling. */
function branded(version: string | null): AgentVersion | null {
  return version as AgentVersion | null
}

function readPlacement(wire: Wire): ClusterPlacement {
  const selector = wire.node_selector ?? null
  return {
    flavour: wire.deployment_platform ?? null,
    namespace: wire.default_namespace ?? null,
    nodeSelector:
      selector === null
        ? null
        : Object.fromEntries(Object.entries(selector).map(([key, value]) => [key, value ?? ''])),
    runOnMasterNode: wire.run_on_master_node ?? null,
    runOnAllNodes: wire.run_on_all_nodes ?? null,
  }
}

function bad(field: string, msg: string): Read<never> {
  return refuse([{ type: 'value_error', loc: ['request_data', field], msg }])
}

function missing(field: string): Read<never> {
  return refuse([{ type: 'missing', loc: ['request_data', field], msg: 'Field required' }])
}
