/**
 * The nodes of a cluster, of folders and real processes: a pod is a folder with the files of its
 * image, the node's state folder and what the manifest mounts, in which the real launcher runs. Two
 * pods of one node share its state, as two containers with one folder of the node do.
 */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  FakeCluster,
  type FakePod,
  NAMESPACE,
  TOKEN,
} from '../../src/agent/testing/fake-cluster.ts'
import { TEST_CERTIFICATE } from '../../src/server/testing/certificate.ts'
import { installDeb, launcherOf } from './machine.ts'
import { type Running, run, start } from './processes.ts'

type RunningPod = { readonly root: string; readonly process: Running; isReady: boolean }

export class ClusterNodes {
  readonly cluster: FakeCluster
  readonly #folder: string
  readonly #nodes: readonly string[]
  readonly #pods = new Map<string, RunningPod>()
  readonly #images = new Map<string, string>()
  #work: Promise<unknown> = Promise.resolve()

  private constructor(cluster: FakeCluster, folder: string, nodes: readonly string[]) {
    this.cluster = cluster
    this.#folder = folder
    this.#nodes = nodes
    cluster.probe = (pod) => this.#pods.get(pod.name)?.isReady ?? false
    cluster.onPod = (pod, what) => {
      this.#work = this.#work.then(() =>
        what === 'started' ? this.#startPod(pod) : this.#endPod(pod),
      )
    }
  }

  static async start(
    folder: string,
    nodes: readonly string[],
    image: { readonly name: string; readonly deb: string },
  ): Promise<ClusterNodes> {
    const cluster = await FakeCluster.start(nodes, image.name, TEST_CERTIFICATE)
    const own = new ClusterNodes(cluster, folder, nodes)
    await own.bring(image.name, image.deb)
    for (const pod of cluster.pods) await own.#startPod(pod)
    return own
  }

  /** As a registry does: from now on pods of this image can be started. */
  async bring(image: string, deb: string): Promise<void> {
    const root = join(this.#folder, `image-${this.#images.size}`)
    await mkdir(join(root, 'var/lib'), { recursive: true })
    await installDeb(root, deb)
    this.#images.set(image, root)
  }

  stateOf(node: string): string {
    return join(this.#folder, 'nodes', node)
  }

  /** One look of every kubelet, and one turn of the controller. */
  async turn(): Promise<void> {
    for (const [name, pod] of this.#pods) {
      const asked = start([launcherOf(pod.root), 'ready', '--root', pod.root])
      const isReady = (await asked.ended) === 0
      if (this.#pods.get(name) === pod) pod.isReady = isReady
    }
    this.cluster.reconcile()
    await this.#work
  }

  /** What the pod says of itself, to whoever asks in it. */
  async readinessOf({ name }: FakePod): Promise<string> {
    const root = this.#pods.get(name)?.root ?? ''
    const asked = start([launcherOf(root), 'ready', '--root', root])
    await asked.ended
    return asked.output().trim()
  }

  /** The node loses power: everything on it ends at once, and starts again. */
  async crash(node: string): Promise<void> {
    for (const pod of this.cluster.pods.filter((each) => each.node === node)) {
      const running = this.#pods.get(pod.name)
      if (running === undefined) continue
      await running.process.end('SIGKILL')
      this.#pods.set(pod.name, { ...running, process: this.#launch(running.root, node) })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work
    for (const { process } of this.#pods.values()) await process.end('SIGTERM')
    await this.cluster[Symbol.asyncDispose]()
  }

  async #startPod({ name, node, image }: FakePod): Promise<void> {
    const files = this.#images.get(image)
    if (files === undefined) return
    const root = join(this.#folder, name)
    const state = this.stateOf(node)
    await mkdir(state, { recursive: true })
    await mkdir(join(root, 'var/lib'), { recursive: true })
    await run(['cp', '-al', join(files, 'opt'), join(root, 'opt')])
    await symlink(state, join(root, 'var/lib/drydock-agent'))
    const account = 'var/run/secrets/kubernetes.io/serviceaccount'
    const index = this.#nodes.indexOf(node)
    const cluster = { schema: 1, cluster_name: 'harbour', namespace: NAMESPACE }
    const names = { daemon_set: 'drydock-agent', container: 'agent' }
    const mounted = {
      'etc/machine-id': `${String(index).padStart(32, '0')}\n`,
      'etc/drydock-agent/cluster.json': JSON.stringify({ ...cluster, ...names }),
      [`${account}/token`]: TOKEN,
      [`${account}/ca.crt`]: TEST_CERTIFICATE.cert,
    }
    for (const [path, content] of Object.entries(mounted)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), content)
    }
    this.#pods.set(name, { root, process: this.#launch(root, node), isReady: false })
  }

  #launch(root: string, node: string): Running {
    const { hostname, port } = new URL(this.cluster.url)
    const api = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
    return start([launcherOf(root), 'run', '--root', root], { env: { NODE_NAME: node, ...api } })
  }

  async #endPod({ name }: FakePod): Promise<void> {
    const pod = this.#pods.get(name)
    this.#pods.delete(name)
    if (pod === undefined) return
    await pod.process.end('SIGTERM')
    await rm(pod.root, { recursive: true, force: true })
  }
}
