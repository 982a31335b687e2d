/** Orders for a cluster: a plain one, one with everything that is awkward, and one per flavour. */
import type { AgentVersion } from '../../base/version.ts'
import type { ClusterSpec } from './cluster-spec.ts'
import { FLAVOURS } from './flavours.ts'

export function sampleCluster(given: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    version: '8.8.0.10594' as AgentVersion, // A valid one.
    timestamp: 1_760_000_000,
    image: `drydock.example:8443/drydock/agent@sha256:${'ab'.repeat(32)}`,
    arches: ['x64', 'arm64'],
    dockerConfig: '{"auths":{"drydock.example:8443":{"username":"u","password":"p+/="}}}',
    enrolment: {
      serverUrl: 'https://drydock.example:8443',
      distributionId: '0123456789abcdef0123456789abcdef',
      token: 'secret-token',
      trustedKeys: [{ keyId: 'cd'.repeat(32), publicKey: 'MCowBQYDK2VwAyEA+/==' }],
    },
    namespace: 'cortex-xdr',
    flavour: 'standard',
    nodeSelector: {},
    proxy: [],
    endpointTags: [],
    clusterName: null,
    runOnMasterNode: false,
    runOnAllNodes: false,
    ...given,
  }
}

/** What YAML 1.1, YAML 1.2, templates, JSON or a shell would take for something else. */
export const AWKWARD_TEXTS = [
  'yes',
  'No',
  'on',
  'y',
  '1e3',
  '0x1F',
  '0o17',
  '017',
  '1_000',
  '1:30',
  '.inf',
  '~',
  'null',
  '2026-11-22',
  '=',
  '<<',
  '- a',
  'a: b',
  'a #b',
  '#b',
  '{a}',
  '[a',
  '*a',
  '&a',
  '!a',
  '|',
  '>-',
  '%a',
  '@a',
  '`a`',
  "it's",
  '{{ .Values.enrolment.token }}',
  '${HOME} $(HOME)',
  '<a&b>',
  'Größe 漢字 🐢',
  'line\u2028separator\u2029here',
  '---',
  ' leading and trailing ',
] as const

export const AWKWARD: Partial<ClusterSpec> = {
  clusterName: AWKWARD_TEXTS.join(' '),
  endpointTags: AWKWARD_TEXTS,
  proxy: ['10.10.10.1:8080', '[2001:db8::1]:3128'],
  nodeSelector: { 'node.example/pool': 'yes', 'kubernetes.io/os': 'linux', '1e3': '1e3', no: '' },
}

/** Each option once, and each flavour. */
export const CLUSTERS: readonly (readonly [string, ClusterSpec])[] = [
  ...FLAVOURS.map((flavour) => [flavour, sampleCluster({ flavour })] as const),
  ['awkward', sampleCluster(AWKWARD)],
  ['awkward-gke', sampleCluster({ ...AWKWARD, flavour: 'gke_autopilot', runOnAllNodes: true })],
  ['masters', sampleCluster({ runOnMasterNode: true, arches: ['arm64'] })],
  ['all-nodes', sampleCluster({ runOnMasterNode: true, runOnAllNodes: true, clusterName: 'c' })],
  ['default-namespace', sampleCluster({ namespace: 'default' })],
  ['number-namespace', sampleCluster({ namespace: '1e3', flavour: 'openshift' })],
]
