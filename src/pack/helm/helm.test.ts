import { Ajv } from 'ajv'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ClusterReader } from '../../../test/kubernetes/reader.ts'
import { flawsOf } from '../../../test/kubernetes/strict-schema.ts'
import { describeNeeds } from '../../../test/needs.ts'
import { concatBytes, fromUtf8 } from '../../base/bytes.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import { readTarGz } from '../archive/read-tar.suite.ts'
import { clusterObjects } from '../kubernetes/kubernetes.ts'
import { CLUSTERS, sampleCluster } from '../kubernetes/sample-cluster.suite.ts'
import { lengthOf } from '../writer.ts'
import { chartFileName, chartFiles, chartVersion, writeChart } from './helm.ts'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const bytesOf = (spec = sampleCluster()) =>
  concatBytes(
    writeChart(spec).map((each) => (each.kind === 'bytes' ? each.bytes : new Uint8Array())),
  )
const fileOf = (path: string, spec = sampleCluster()) => new Map(chartFiles(spec)).get(path) ?? ''
const valuesOf = (spec = sampleCluster()) => parse(fileOf('values.yaml', spec)) as Values
type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>

describe('a chart', () => {
  it('is one folder in a tar, the same bytes for the same spec, and small', async () => {
    const spec = sampleCluster()
    const entries = await readTarGz(bytesOf(spec))
    expect(entries.map(({ path }) => path)).toEqual(
      chartFiles(spec).map(([path]) => `drydock-agent/${path}`),
    )
    expect(entries.map(({ bytes }) => fromUtf8(bytes))).toEqual(
      chartFiles(spec).map(([, text]) => text),
    )
    expect(new Set(entries.map(({ modified }) => modified))).toEqual(new Set([spec.timestamp]))
    expect(Buffer.compare(bytesOf(spec), bytesOf(sampleCluster()))).toBe(0)
    expect(lengthOf(writeChart(spec))).toBeLessThan(64 * 1024)
  })

  it.each([
    ['8.8.0.10594', '8.8.10594'],
    ['8.8.1.7', '8.8.1000000007'],
    ['0.0.0.0', '0.0.0'],
    ['999999999.1.999999999.999999999', '999999999.1.999999999999999999'],
  ])('of %s has the version %s', (version, expected) => {
    expect(chartVersion(version as AgentVersion)).toBe(expected)
    expect(chartFileName(version as AgentVersion)).toBe(`drydock-agent-${expected}.tgz`)
    const about = parse(fileOf('Chart.yaml', sampleCluster({ version: version as AgentVersion })))
    expect(about).toMatchObject({ version: expected, appVersion: version })
  })

  it('has versions in the order of the agent’s', () => {
    const versions = ['1.2.3.4', '1.2.3.10', '1.2.4.0', '1.2.10.1', '1.3.0.0'] as AgentVersion[]
    for (const [index, left] of versions.entries()) {
      for (const right of versions.slice(index + 1)) {
        expect(compareVersions(left, right)).toBeLessThan(0)
        const numbers = (version: AgentVersion) => chartVersion(version).split('.').map(BigInt)
        const [a, b] = [numbers(left), numbers(right)]
        const at = a.findIndex((number, place) => number !== b[place])
        expect((a[at] ?? 0n) < (b[at] ?? 0n)).toBe(true)
      }
    }
  })

  it('is refused for what must not become one', () => {
    expect(() => writeChart(sampleCluster({ clusterName: 'a\nb' }))).toThrow(/not printable/)
  })
})

describe('the schema of the values', () => {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(fileOf('values.schema.json')))
  const isTaken = (values: unknown) => validate(values)

  it.each(CLUSTERS)('takes what an order gives: %s', (_name, spec) => {
    expect([isTaken(valuesOf(spec)), validate.errors]).toEqual([true, null])
  })

  it.each([
    ['a key that is misspelt', { nodeSelektor: {} }],
    ['a key of a part', { namespace: { create: true, name: 'a', label: 'b' } }],
    ['a flavour that is none', { flavour: 'talos' }],
    ['an image by its tag', { image: { reference: 'a/b:1', architectures: ['amd64'] } }],
    ['text for a flag', { upgrades: 'yes' }],
    ['a value of a label that is none', { nodeSelector: { a: 'b c' } }],
    ['a part that is missing', { payload: undefined }],
  ])('refuses %s', (_name, given) => {
    expect(isTaken(plain({ ...valuesOf(), ...given }))).toBe(false)
  })
})

describeNeeds(['go'], 'a rendered chart (needs go)', () => {
  const reader = new ClusterReader()
  afterAll(() => reader[Symbol.dispose]())
  const byName = (objects: readonly unknown[]) =>
    new Map(
      (plain(objects) as { kind: string; metadata: { name: string } }[]).map((each) => [
        `${each.kind} ${each.metadata.name}`,
        each,
      ]),
    )

  it.each(CLUSTERS)('is the manifest of the same order: %s', (_name, spec) => {
    // "default" is where Helm installs to when it is told nothing.
    const { objects } = reader.render(chartFiles(spec))
    expect(byName(objects)).toEqual(byName(clusterObjects(spec)))
  })

  it('takes secrets that are there instead of making them', () => {
    const { objects } = reader.render(chartFiles(sampleCluster()), {
      enrolment: { existingSecret: 'mine', token: '' },
      pullSecret: { existingSecret: 'my-pull' },
    })
    expect(objects.map(({ kind }) => kind)).not.toContain('Secret')
    const words = JSON.stringify(objects)
    expect(words).toContain('"secretName":"mine"')
    expect(words).toContain('"imagePullSecrets":[{"name":"my-pull"}]')
    expect(words).not.toContain('secret-token')
  })

  it('without upgrades grants nothing, and gives pods no token', () => {
    const { objects, notes } = reader.render(chartFiles(sampleCluster()), { upgrades: false })
    expect(objects.map(({ kind }) => kind).filter((kind) => kind.startsWith('Role'))).toEqual([])
    expect(JSON.stringify(objects)).toContain('"automountServiceAccountToken":false,"containers"')
    expect(notes).toContain('cluster-upgrade-not-granted')
  })

  it('makes no namespace that it is installed into', () => {
    const { objects, notes } = reader.render(chartFiles(sampleCluster()), {
      releaseNamespace: 'cortex-xdr',
    })
    expect(objects.map(({ kind }) => kind)).not.toContain('Namespace')
    expect(notes).toContain('was there before')
  })

  it('gives a payload what its operator says, by constraints too', () => {
    const { objects } = reader.render(chartFiles(sampleCluster({ flavour: 'openshift' })), {
      payload: {
        runAsUser: 0,
        capabilities: ['SYS_PTRACE'],
        hostPID: true,
        hostNetwork: true,
        volumes: [{ name: 'logs', hostPath: { path: '/var/log', type: 'Directory' } }],
        volumeMounts: [{ name: 'logs', mountPath: '/host/log', readOnly: true }],
      },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      priorityClassName: 'high',
      seLinuxType: 'mine_t',
    })
    const words = JSON.stringify(objects)
    expect(objects.flatMap((each) => flawsOf(each))).toEqual([])
    expect(words).toContain('"capabilities":{"add":["SYS_PTRACE"],"drop":["ALL"]}')
    expect(words).toContain('"allowedCapabilities":["CHOWN","SYS_PTRACE"]')
    expect(words).toContain('"allowHostPID":true')
    expect(words).toContain('"runAsNonRoot":false,"runAsUser":0,"seLinuxOptions"')
    expect(words).toContain('"seLinuxOptions":{"type":"mine_t"}')
    expect(words).toContain('"command":["/opt/drydock-agent/drydock-agent","give-state","0"]')
    expect(words).toContain('"tolerations":[{"key":"gpu","operator":"Exists"}]')
    expect(words).toContain('"mountPath":"/host/log"')
  })
})
