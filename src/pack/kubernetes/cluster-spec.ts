/**
 * What an agent in a cluster is made of, in no format's words: the manifest and the chart say the
 * same of it. Everything in here came from outside, so it is looked at once more before it becomes
 * bytes, whatever was checked before.
 */
import { Fault } from '../../base/fault.ts'
import type { Arch } from '../../base/platform.ts'
import { type AgentVersion, isAgentVersion } from '../../base/version.ts'
import { FLAVOURS, type Flavour } from './flavours.ts'

export type ClusterSpec = {
  readonly version: AgentVersion
  /** Seconds since 1970: the release's publishing time. */
  readonly timestamp: number
  /** By digest: `registry.example/drydock/agent@sha256:...`. */
  readonly image: string
  /** What the image can run on; nodes of others get no pod. */
  readonly arches: readonly Arch[]
  /** The content of a secret of the type `kubernetes.io/dockerconfigjson`. */
  readonly dockerConfig: string
  readonly enrolment: ClusterEnrolment
  readonly namespace: string
  readonly flavour: Flavour
  /** Labels that a node must have; `kubernetes.io/os` is added where it is not among them. */
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly proxy: readonly string[]
  readonly endpointTags: readonly string[]
  readonly clusterName: string | null
  readonly runOnMasterNode: boolean
  readonly runOnAllNodes: boolean
}

/** What `enrolment.json` says, except for what the cluster's operator changes. */
export type ClusterEnrolment = {
  readonly serverUrl: string
  readonly distributionId: string
  readonly token: string
  readonly trustedKeys: readonly { readonly keyId: string; readonly publicKey: string }[]
}

const LISTED_MAX = 100
const TEXT_LENGTH_MAX = 500

/** RFC 1123, as Kubernetes wants the name of a namespace. */
export const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
/** Kubernetes, "Labels and Selectors", syntax: an optional DNS name, a slash, a name. */
export const LABEL_KEY =
  /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/
export const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/
/** Host, repository and digest; whatever else it were, it would be pulled by every node. */
const IMAGE = /^[A-Za-z0-9.:[\]-]+(\/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$/

/** Fails with a Fault (`package-refused`) for what must not become a manifest. */
export function checkClusterSpec(spec: ClusterSpec): void {
  const flaw = flawOf(spec) ?? flawOfTexts(spec)
  if (flaw === null) return
  const doing = `writing the manifest of ${spec.version}: ${flaw}`
  throw new Fault({ code: 'package-refused', doing, retry: 'never' })
}

function flawOf(spec: ClusterSpec): string | null {
  if (!isAgentVersion(spec.version)) return 'the version is no version'
  if (!IMAGE.test(spec.image)) return 'the image is not named by its digest'
  if (spec.arches.length === 0) return 'the image is for no processor'
  if (!FLAVOURS.includes(spec.flavour)) return `there is no flavour ${spec.flavour}`
  if (!NAMESPACE.test(spec.namespace)) return 'the namespace is no DNS label'
  const label = Object.entries(spec.nodeSelector).find(
    ([key, value]) => !LABEL_KEY.test(key) || !LABEL_VALUE.test(value),
  )
  if (label !== undefined) return `the node selector ${JSON.stringify(label)} is no label`
  const lists = [spec.proxy, spec.endpointTags, spec.enrolment.trustedKeys]
  return lists.some((list) => list.length > LISTED_MAX) ? 'a list is too long' : null
}

function flawOfTexts({ enrolment, proxy, endpointTags, clusterName }: ClusterSpec): string | null {
  const { serverUrl, distributionId, token, trustedKeys } = enrolment
  const keys = trustedKeys.flatMap(({ keyId, publicKey }) => [keyId, publicKey])
  const lists = [...keys, ...proxy, ...endpointTags]
  const texts = [serverUrl, distributionId, token, clusterName ?? '', ...lists]
  const bad = texts.find(
    (text) => text.length > TEXT_LENGTH_MAX || !text.isWellFormed() || /\p{Cc}/u.test(text),
  )
  // The token may be it, so it is not repeated.
  return bad === undefined ? null : 'a text is too long, or not printable'
}
