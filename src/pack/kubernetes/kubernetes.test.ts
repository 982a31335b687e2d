import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { DaemonSet } from 'kubernetes-models/apps/v1/DaemonSet'
import { Role } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role'
import { RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Namespace } from 'kubernetes-models/v1/Namespace'
import { Secret } from 'kubernetes-models/v1/Secret'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ClusterReader } from '../../../test/kubernetes/reader.ts'
import { flawsOf } from '../../../test/kubernetes/strict-schema.ts'
import { describeNeeds } from '../../../test/needs.ts'
import { fromUtf8 } from '../../base/bytes.ts'
import type { AgentVersion } from '../../base/version.ts'
import { expectGolden } from '../golden.suite.ts'
import type { KubernetesObject, DaemonSet as OwnDaemonSet } from './api.ts'
import type { ClusterSpec } from './cluster-spec.ts'
import { FLAVOURS } from './flavours.ts'
import { clusterObjects, writeClusterManifest } from './kubernetes.ts'
import { AWKWARD_TEXTS, CLUSTERS, sampleCluster } from './sample-cluster.suite.ts'
import { toYamlStream } from './yaml.ts'

const text = (spec: ClusterSpec) => fromUtf8(writeClusterManifest(spec))
/** As JSON has it: without what is absent. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

function daemonSetOf(spec: ClusterSpec): OwnDaemonSet {
  const found = clusterObjects(spec).find((each) => each.kind === 'DaemonSet')
  if (found === undefined) throw new Error('there is a daemon set')
  return found
}

describe('a manifest', () => {
  it.each(FLAVOURS)('is as reviewed: %s', (flavour) => {
    const golden = fileURLToPath(new URL(`_golden/${flavour}.yaml`, import.meta.url))
    expectGolden(golden, text(sampleCluster({ flavour })))
  })

  it.each(CLUSTERS)('read back, it is what was written: %s', (_name, spec) => {
    const read = parseAllDocuments(text(spec)).map((document) => document.toJS() as unknown)
    // The comment at its head is a document of its own.
    expect(read.filter((each) => each !== null)).toEqual(plain(clusterObjects(spec)))
  })

  it('is the same for the same spec, and leaves the spec alone', () => {
    const spec = sampleCluster()
    const before = structuredClone(spec)
    expect(text(spec)).toBe(text(sampleCluster()))
    expect(spec).toEqual(before)
  })

  it('begins with a comment that says what it holds', () => {
    expect(text(sampleCluster())).toMatch(/^# Drydock agent 8\.8\.0\.10594 .*\n# Holds secrets/)
  })
})

describe('the objects of a cluster', () => {
  it.each(CLUSTERS)('have no field that the API does not know: %s', (_name, spec) => {
    for (const object of clusterObjects(spec))
      expect([object.kind, flawsOf(object)]).toEqual([object.kind, []])
  })

  it.each([
    ['of the pod', (spec: Record<string, unknown>) => ({ ...spec, nodeSelektor: {} })],
    ['of another place', (spec: Record<string, unknown>) => ({ ...spec, image: 'x' })],
    ['of another type', (spec: Record<string, unknown>) => ({ ...spec, nodeSelector: { a: 1 } })],
    ['missing', (spec: Record<string, unknown>) => ({ ...spec, containers: undefined })],
  ])('a wrong field is found: %s', (_name, change) => {
    const daemonSet = daemonSetOf(sampleCluster())
    const { template } = daemonSet.spec
    const changed = plain({
      ...daemonSet,
      spec: { ...daemonSet.spec, template: { ...template, spec: change({ ...template.spec }) } },
    }) as KubernetesObject
    expect(flawsOf(changed)).not.toEqual([])
  })

  const models = { ConfigMap, DaemonSet, Namespace, Role, RoleBinding, Secret, ServiceAccount }
  it.each(CLUSTERS)('are what today’s API takes: %s', (_name, spec) => {
    for (const object of clusterObjects(spec)) {
      if (object.kind === 'SecurityContextConstraints') continue
      // The models take what was parsed, so no type of ours stands in between.
      const Model = models[object.kind] as new (data: never) => { validate(): void }
      expect(() => new Model(plain(object) as never).validate()).not.toThrow()
    }
  })

  it.each(['default', 'kube-system', 'openshift', 'openshift-monitoring'])(
    'leave a namespace alone that is not ours: %s',
    (namespace) => {
      const kinds = clusterObjects(sampleCluster({ namespace })).map(({ kind }) => kind)
      expect(kinds).not.toContain('Namespace')
      expect(kinds).toContain('DaemonSet')
    },
  )

  it('grant no more than the upgrade of the agent’s own daemon set', () => {
    const objects = clusterObjects(sampleCluster({ flavour: 'openshift' }))
    const rules = objects.flatMap((each) => (each.kind === 'Role' ? each.rules : []))
    expect(rules).toEqual([
      {
        apiGroups: ['apps'],
        resources: ['daemonsets'],
        resourceNames: ['drydock-agent'],
        verbs: ['get', 'patch'],
      },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    ])
    expect(objects.map(({ kind }) => kind)).not.toContain('ClusterRole')
  })
})

describe('the pods', () => {
  it.each(FLAVOURS)('run with no right that the agent does not need: %s', (flavour) => {
    const { spec } = daemonSetOf(sampleCluster({ flavour })).spec.template
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10_001 })
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      const { securityContext } = container
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      })
      const added = container.name === 'state' ? ['CHOWN'] : undefined
      expect(securityContext.capabilities).toEqual({ drop: ['ALL'], ...(added && { add: added }) })
    }
    const words = JSON.stringify(spec)
    expect(words).not.toMatch(/hostPID|hostIPC|hostNetwork|privileged/)
  })

  it('mount nothing of a node where that is forbidden, and then two never share a node', () => {
    const { template, updateStrategy } = daemonSetOf(
      sampleCluster({ flavour: 'gke_autopilot' }),
    ).spec
    expect(JSON.stringify(template)).not.toContain('hostPath')
    expect(template.spec.initContainers).toBeUndefined()
    expect(updateStrategy.rollingUpdate).toEqual({ maxSurge: 0, maxUnavailable: 1 })
  })

  it.each([
    ['neither', {}, undefined],
    ['masters', { runOnMasterNode: true }, ['control-plane', 'master']],
    ['all', { runOnAllNodes: true }, [undefined]],
    ['both', { runOnMasterNode: true, runOnAllNodes: true }, [undefined]],
  ])('tolerate what was ordered: %s', (_name, given, keys) => {
    const { tolerations } = daemonSetOf(sampleCluster(given)).spec.template.spec
    expect(tolerations?.map(({ key }) => key?.split('/')[1])).toEqual(keys)
  })

  it('run on nodes of the image’s processors, and of the labels that were ordered', () => {
    const nodeSelector = { pool: 'edge', 'kubernetes.io/os': 'windows' }
    const { spec } = daemonSetOf(sampleCluster({ nodeSelector, arches: ['arm64'] })).spec.template
    expect(spec.nodeSelector).toEqual(nodeSelector)
    expect(JSON.stringify(spec.affinity)).toContain('"values":["arm64"]')
    const plainOne = daemonSetOf(sampleCluster()).spec.template.spec
    expect(plainOne.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' })
  })

  it('are started anew when what they read has changed', () => {
    const digest = (given: Partial<ClusterSpec>) =>
      daemonSetOf(sampleCluster(given)).spec.template.metadata.annotations[
        'drydock-agent/configuration'
      ]
    const digests = [{}, { proxy: ['p:1'] }, { endpointTags: ['t'] }, { clusterName: 'c' }]
    expect(new Set(digests.map(digest)).size).toBe(digests.length)
    expect(digest({})).toBe(digest({ runOnAllNodes: true }))
  })
})

describe('what must not become a manifest is refused', () => {
  const { enrolment, image } = sampleCluster()
  it.each<[string, Partial<ClusterSpec>]>([
    ['no version', { version: '1.0' as AgentVersion }],
    ['an image by its tag', { image: 'drydock.example/drydock/agent:1.2.3.4' }],
    ['an image and more', { image: `${image}\nkind: Pod` }],
    ['no processor', { arches: [] }],
    ['a namespace with a dot', { namespace: 'a.b' }],
    ['no namespace', { namespace: '' }],
    ['a label that is none', { nodeSelector: { 'a b': 'c' } }],
    ['a value that is none', { nodeSelector: { a: 'b\n' } }],
    ['a name of two lines', { clusterName: 'a\nb' }],
    ['half of a pair', { clusterName: 'a\ud800' }],
    ['a tag with a bell', { endpointTags: ['\u0007'] }],
    ['a very long tag', { endpointTags: ['a'.repeat(501)] }],
    ['very many tags', { endpointTags: Array(101).fill('a') }],
    ['a token of two lines', { enrolment: { ...enrolment, token: 'a\nb' } }],
  ])('%s', (_name, given) => {
    expect(() => writeClusterManifest(sampleCluster(given))).toThrow(/writing the manifest/)
  })
})

describeNeeds(['go'], 'a manifest, as kubectl reads it (needs go)', () => {
  const reader = new ClusterReader()
  afterAll(() => reader[Symbol.dispose]())

  it.each(CLUSTERS)('is what was written: %s', (_name, spec) => {
    expect(reader.parse(writeClusterManifest(spec))).toEqual(plain(clusterObjects(spec)))
  })

  it('takes no text for anything else, as value or as key', () => {
    const odd = fc.sample(fc.string({ unit: 'binary', maxLength: 20 }), { numRuns: 2000, seed: 7 })
    // What is refused before: controls, which YAML escapes, and halves of pairs, which it cannot.
    const texts = [...AWKWARD_TEXTS, ...odd.filter((each) => each.isWellFormed())]
    const objects = texts.map((each) => ({ value: each, list: [each], [`k${each}`]: each }))
    const keys = Object.fromEntries(AWKWARD_TEXTS.map((each) => [each, each]))
    expect(reader.parse(toYamlStream('', [...objects, keys]))).toEqual([...objects, keys])
  })
})
