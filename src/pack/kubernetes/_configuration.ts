/**
 * What the pods read: the enrolment and the pull credentials as secrets, the rest as a
 * configuration that whoever runs the cluster may edit.
 */
import { createHash } from 'node:crypto'
import { utf8 } from '../../base/bytes.ts'
import type { ConfigMap, KubernetesObject, Secret } from './api.ts'
import type { ClusterSpec } from './cluster-spec.ts'
import { toSortedJson } from './json.ts'
import {
  CONFIGURATION,
  CONTAINER,
  ENROLMENT_SECRET,
  NAME,
  namespaced,
  PULL_SECRET,
} from './names.ts'

export type Texts = {
  readonly enrolment: string
  readonly agent: string
  readonly cluster: string
}

/** The three files, in the spelling of src/contract/agent. */
export function textsOf(spec: ClusterSpec): Texts {
  const { serverUrl, distributionId, token, trustedKeys } = spec.enrolment
  return {
    enrolment: toSortedJson({
      schema: 1,
      server_url: serverUrl,
      distribution_id: distributionId,
      token,
      trusted_keys: trustedKeys.map(({ keyId, publicKey }) => ({
        key_id: keyId,
        public_key: publicKey,
      })),
      // Both stand in agent.json, which can be edited without the secret.
      proxy: [],
      endpoint_tags: [],
    }),
    agent: toSortedJson({ proxy: spec.proxy, endpoint_tags: spec.endpointTags }),
    cluster: toSortedJson({
      schema: 1,
      cluster_name: spec.clusterName ?? '',
      namespace: spec.namespace,
      daemon_set: NAME,
      container: CONTAINER,
    }),
  }
}

/** Changes when one of the files does: pods read them once, when they start. */
export function configurationDigest({ enrolment, agent, cluster }: Texts): string {
  return createHash('sha256').update([enrolment, agent, cluster].join('\n')).digest('hex')
}

export function configurationObjects(spec: ClusterSpec): readonly KubernetesObject[] {
  const texts = textsOf(spec)
  return [
    secretOf(spec, {
      name: ENROLMENT_SECRET,
      type: 'Opaque',
      key: 'enrolment.json',
      text: texts.enrolment,
    }),
    secretOf(spec, {
      name: PULL_SECRET,
      type: 'kubernetes.io/dockerconfigjson',
      key: '.dockerconfigjson',
      text: spec.dockerConfig,
    }),
    configMapOf(spec, texts),
  ]
}

function secretOf(
  spec: ClusterSpec,
  content: {
    readonly name: string
    readonly type: Secret['type']
    readonly key: string
    readonly text: string
  },
): Secret {
  const { name, type, key, text } = content
  const data = { [key]: Buffer.from(utf8(text)).toString('base64') }
  return { apiVersion: 'v1', kind: 'Secret', metadata: namespaced(spec, name), type, data }
}

function configMapOf(spec: ClusterSpec, { agent, cluster }: Texts): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: namespaced(spec, CONFIGURATION),
    data: { 'agent.json': agent, 'cluster.json': cluster },
  }
}
