import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { clusterFile } from '../contract/agent/cluster.ts'
import { installation, machineSettings } from '../contract/agent/installation.ts'
import { readTarGz } from '../pack/archive/read-tar.suite.ts'
import type { AssembledServer } from './testing/assembled.ts'
import { startAssembledServer } from './testing/assembled.ts'

const ORDER = {
  name: 'cluster',
  package_type: 'kubernetes',
  endpoint_tags: ['new-tag', 'yes'],
  deployment_platform: 'openshift',
  default_namespace: 'agents',
  node_selector: { key: 'val', empty: null },
  proxy: ['10.10.10.1:8080'],
  cluster_name: '{{ .Values }}: "1e3" 漢',
  run_on_master_node: true,
  run_on_all_nodes: false,
}

type KubernetesObject = {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data: Readonly<Record<string, string>>
  readonly spec: { readonly template: { readonly spec: PodSpec } }
}
type PodSpec = {
  readonly containers: readonly { readonly image: string }[]
  readonly nodeSelector: Readonly<Record<string, string>>
}

async function order(server: AssembledServer, data: object): Promise<string> {
  const created = await server.call('distributions/create', data)
  expect(created).toMatchObject({ status: 200 })
  await server.assembled.drain()
  return String(created.body.reply.distribution_id)
}

async function download(server: AssembledServer, distribution_id: string, package_type: string) {
  const link = await server.call('distributions/get_dist_url', { distribution_id, package_type })
  expect(link).toMatchObject({ status: 200 })
  const answer = await fetch(String(link.body.reply.distribution_url))
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(link.body.reply.sha256)
  const type = answer.headers.get('content-type')
  return { bytes, type, name: String(link.body.reply.file_name) }
}

async function manifestOf(server: AssembledServer, id: string) {
  const { bytes } = await download(server, id, 'yaml')
  const documents = parseAllDocuments(bytes.toString()).map((each) => each.toJS() as unknown)
  return new Map(
    documents
      .filter((each): each is KubernetesObject => each !== null)
      .map((each) => [`${each.kind} ${each.metadata.name}`, each] as const),
  )
}

const text = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString()

function filesIn(objects: Awaited<ReturnType<typeof manifestOf>>) {
  const enrolment = objects.get('Secret drydock-agent-enrolment')?.data['enrolment.json']
  const settings = objects.get('ConfigMap drydock-agent-configuration')?.data
  const pull = objects.get('Secret drydock-agent-pull')?.data['.dockerconfigjson']
  return {
    enrolment: installation.strict().parse(JSON.parse(text(enrolment))),
    agent: machineSettings.parse(JSON.parse(settings?.['agent.json'] ?? '')),
    cluster: clusterFile.strict().parse(JSON.parse(settings?.['cluster.json'] ?? '')),
    pull: JSON.parse(text(pull)) as {
      readonly auths: Readonly<Record<string, { readonly auth: string }>>
    },
  }
}

it('a manifest says what was ordered, in files that the agent takes', async () => {
  await using server = await startAssembledServer()
  await server.publish('8.8.0.10594', { arch: 'x64' })
  await server.publish('8.8.0.10594', { arch: 'arm64' })
  const id = await order(server, ORDER)
  const { body } = await server.call('distributions/get_status', { distribution_id: id })
  expect(body.reply).toMatchObject({ status: 'Completed', supported_packages: ['yaml'] })
  const { type, name } = await download(server, id, 'yaml')
  expect([type, name]).toEqual(['application/yaml', 'drydock-agent-8.8.0.10594.yaml'])
  const objects = await manifestOf(server, id)
  const { enrolment, agent, cluster } = filesIn(objects)
  expect(enrolment).toMatchObject({ server_url: server.url, distribution_id: id })
  expect(agent).toEqual({ proxy: ORDER.proxy, endpoint_tags: ORDER.endpoint_tags })
  expect(cluster).toMatchObject({ cluster_name: ORDER.cluster_name, namespace: 'agents' })
  expect([...objects.keys()]).toContain('SecurityContextConstraints drydock-agent-agents')
  const pods = objects.get('DaemonSet drydock-agent')?.spec.template.spec
  expect(pods?.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux', key: 'val', empty: '' })
  expect(JSON.stringify(pods)).toContain('"values":["amd64","arm64"]')
  expect(JSON.stringify(pods)).toContain('node-role.kubernetes.io/control-plane')
})

it('its credentials pull its image from the registry that it names, until they are revoked', async () => {
  await using server = await startAssembledServer()
  await server.publish('8.8.0.10594')
  const id = await order(server, ORDER)
  const objects = await manifestOf(server, id)
  const [image] = objects.get('DaemonSet drydock-agent')?.spec.template.spec.containers ?? []
  const [registry, repository, digest] =
    /^([^/]+)\/(.+)@(.+)$/.exec(image?.image ?? '')?.slice(1) ?? []
  const pull = async (auth: string | undefined) => {
    const headers = { authorization: `Basic ${auth}` }
    return await fetch(`http://${registry}/v2/${repository}/manifests/${digest}`, { headers })
  }
  const auth = filesIn(objects).pull.auths[registry ?? '']?.auth
  expect((await pull(auth)).headers.get('docker-content-digest')).toBe(digest)
  const revoked = { distribution_id: id, revoke_token: true }
  expect(await server.call('distributions/update', revoked)).toMatchObject({ status: 200 })
  await server.assembled.drain()
  expect((await pull(auth)).status).toBe(401)
  const after = filesIn(await manifestOf(server, id))
  expect((await pull(after.pull.auths[registry ?? '']?.auth)).status).toBe(200)
  expect(after.enrolment.token).not.toBe(filesIn(objects).enrolment.token)
})

it('a chart carries the values of its order, and the same secrets', async () => {
  await using server = await startAssembledServer()
  await server.publish('8.8.0.10594')
  const id = await order(server, { ...ORDER, package_type: 'helm' })
  const { bytes, type, name } = await download(server, id, 'helm')
  expect([type, name]).toEqual(['application/gzip', 'drydock-agent-8.8.10594.tgz'])
  const files = new Map((await readTarGz(bytes)).map((each) => [each.path, each.bytes]))
  const values = parse(Buffer.from(files.get('drydock-agent/values.yaml') ?? '').toString())
  expect(values).toMatchObject({
    clusterName: ORDER.cluster_name,
    endpointTags: ORDER.endpoint_tags,
    flavour: 'openshift',
    namespace: { create: true, name: 'agents' },
    runOnMasterNode: true,
    enrolment: { distributionId: id, token: expect.stringMatching(/^.{20,}$/) },
  })
  const asked = { distribution_id: id, package_type: 'yaml' }
  const wrong = await server.call('distributions/get_dist_url', asked)
  expect(wrong).toMatchObject({
    status: 400,
    body: { err_msg: expect.stringMatching(/has helm$/) },
  })
})

it('where nothing is said it is as the documents recommend; built twice, it is the same', async () => {
  await using server = await startAssembledServer()
  await server.publish('8.8.0.10594')
  const id = await order(server, { name: 'plain', package_type: 'kubernetes' })
  const objects = await manifestOf(server, id)
  expect([...objects.keys()]).toContain('Namespace cortex-xdr')
  expect(filesIn(objects).cluster.cluster_name).toBe('')
  const before = await download(server, id, 'yaml')
  await server.assembled.needs.database.write(async (tx) => {
    await tx.deleteFrom('package').execute()
    await tx.updateTable('distribution').set({ state: 'requested' }).execute()
    const effect = { kind: 'build-distribution', subject: id, created_at: 0, due_at: 0 }
    await tx
      .insertInto('outbox')
      .values({ ...effect, attempts: 0, last_error: null })
      .execute()
  })
  await server.assembled.drain()
  expect(Buffer.compare((await download(server, id, 'yaml')).bytes, before.bytes)).toBe(0)
})

it('a version without a build for images is no package, and says so', async () => {
  await using server = await startAssembledServer()
  await server.publish('8.8.0.10594', { libc: 'musl' })
  const id = await order(server, ORDER)
  const { body } = await server.call('distributions/get_status', { distribution_id: id })
  expect(body.reply).toMatchObject({ status: 'Failed', message: expect.stringMatching(/glibc/) })
})

it.each([
  ['a control character in the name of a cluster', { cluster_name: 'a\nb' }],
  ['a key that no label has', { node_selector: { 'a b': 'c' } }],
  ['a value that no label has', { node_selector: { a: 'b c' } }],
  [
    'very many labels',
    { node_selector: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, ''])) },
  ],
  ['a namespace with a dot', { default_namespace: 'a.b' }],
])('an order is refused for %s', async (_name, given) => {
  await using server = await startAssembledServer()
  const answer = await server.call('distributions/create', { ...ORDER, ...given })
  expect(answer).toMatchObject({ status: 400, body: { reply: { reason: 'invalid-request' } } })
})
