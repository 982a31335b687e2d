/**
 * values.yaml: what an order says, and what a payload may need beyond it. Holds the same secrets as
 * the manifest does.
 */
import type { ClusterSpec } from '../kubernetes/cluster-spec.ts'
import { USER } from '../kubernetes/names.ts'
import { ownsNamespace } from '../kubernetes/namespace.ts'
import { archLabels, RESOURCES, selectorOf } from '../kubernetes/pod.ts'
import { toYaml } from '../kubernetes/yaml.ts'

/** Key by key: what a person reads about it, and its value. */
type Values = readonly (readonly [key: string, about: string, value: unknown])[]

export function valuesYaml(spec: ClusterSpec): string {
  const head = `\
# Drydock agent ${spec.version} for Kubernetes.
# Holds secrets: the enrolment token, and the password for pulling the image. Whoever can read this
# file can enrol endpoints.
`
  const sections = valuesOf(spec).map(([key, about, value]) => {
    const comment = about.replaceAll(/^/gm, '# ')
    return `${comment}\n${toYaml({ [key]: value })}`
  })
  return [head, ...sections].join('\n')
}

function valuesOf(spec: ClusterSpec): Values {
  return [
    [
      'image',
      'By digest; nodes of other processors get no pod.',
      { reference: spec.image, architectures: archLabels(spec) },
    ],
    [
      'pullSecret',
      'A secret that is there (kubernetes.io/dockerconfigjson), or the content of a new one.',
      { existingSecret: '', dockerConfig: spec.dockerConfig },
    ],
    [
      'enrolment',
      'A secret that is there, with the key enrolment.json, or the content of a new one.',
      {
        existingSecret: '',
        serverUrl: spec.enrolment.serverUrl,
        distributionId: spec.enrolment.distributionId,
        token: spec.enrolment.token,
        trustedKeys: spec.enrolment.trustedKeys.map(({ keyId, publicKey }) => ({
          keyId,
          publicKey,
        })),
      },
    ],
    ['proxy', 'host:port of up to five proxies; none: the server is reached directly.', spec.proxy],
    ['endpointTags', 'Tags that the endpoints bring.', spec.endpointTags],
    ['clusterName', 'What the cluster is called in Drydock.', spec.clusterName ?? ''],
    [
      'namespace',
      'Where everything goes; made unless it is there, or is the one that is installed into.',
      { create: ownsNamespace(spec.namespace), name: spec.namespace },
    ],
    ['flavour', 'standard, openshift, gcos, bottlerocket or gke_autopilot.', spec.flavour],
    ['nodeSelector', 'Labels that a node must have.', selectorOf(spec)],
    ['runOnMasterNode', 'Also on nodes of the control plane.', spec.runOnMasterNode],
    ['runOnAllNodes', 'On every node, whatever its taints.', spec.runOnAllNodes],
    ['tolerations', 'Further tolerations of the pods.', []],
    ['priorityClassName', 'A priority class of the pods.', ''],
    [
      'upgrades',
      'Whether the agent may move its own daemon set to a version that was ordered.',
      true,
    ],
    ['resources', 'Of the agent with its payload.', RESOURCES],
    ['seLinuxType', 'An SELinux type of the pods; empty: that of the flavour.', ''],
    [
      'payload',
      'What a payload needs beyond the agent, which needs nothing.',
      {
        runAsUser: USER,
        capabilities: [],
        hostNetwork: false,
        hostPID: false,
        volumes: [],
        volumeMounts: [],
      },
    ],
  ]
}
