/**
 * What a kubelet makes of a pod of ours, with podman: the containers of its specification, one by
 * one, with exactly the users, rights and mounts that stand there. A field that this does not know
 * is an error, so that nothing of a manifest goes untried unnoticed.
 */
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PodSpec } from '../../src/pack/kubernetes/api.ts'

export type ManifestObject = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  /** Of secrets and configurations. */
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: { readonly template: { readonly spec: PodSpec } }
}
export type Node = {
  readonly name: string
  /** What stands for the node's own files. */
  readonly root: string
}

type Container = PodSpec['containers'][number]

/** What podman does otherwise anyway, or what is about scheduling, pulling and time. */
const ELSEWHERE = [
  ...['serviceAccountName', 'automountServiceAccountToken', 'enableServiceLinks'],
  ...['imagePullSecrets', 'terminationGracePeriodSeconds', 'nodeSelector', 'affinity'],
  ...['tolerations', 'initContainers', 'containers', 'volumes', 'securityContext'],
]

export class Pod {
  readonly #objects: readonly ManifestObject[]
  readonly #node: Node
  readonly #folder: string
  readonly spec: PodSpec

  constructor(objects: readonly ManifestObject[], node: Node, folder: string) {
    const found = objects.find(({ kind }) => kind === 'DaemonSet')?.spec?.template.spec
    if (found === undefined) throw new Error('the manifest has no daemon set')
    this.spec = found
    this.#objects = objects
    this.#node = node
    this.#folder = folder
    knownOnly(this.spec, ELSEWHERE)
  }

  /** Words for `podman run`, the image and its command at their end. */
  async wordsFor(container: Container): Promise<readonly string[]> {
    const { securityContext: own, resources, command, image, env = [] } = container
    const all = this.spec.securityContext
    knownOnly(container, [
      ...['name', 'image', 'imagePullPolicy', 'command', 'env', 'resources', 'readinessProbe'],
      ...['securityContext', 'volumeMounts'],
    ])
    const user = own.runAsUser ?? all.runAsUser
    if ((own.runAsNonRoot ?? all.runAsNonRoot) && user === 0) throw new Error('it may not be root')
    const mounts = await Promise.all(container.volumeMounts.map((each) => this.#mount(each)))
    return [
      ...[`--user=${user}:${own.runAsGroup ?? all.runAsGroup}`, `--group-add=${all.fsGroup}`],
      ...(own.readOnlyRootFilesystem ? ['--read-only', '--read-only-tmpfs=false'] : []),
      ...(own.allowPrivilegeEscalation ? [] : ['--security-opt=no-new-privileges']),
      ...own.capabilities.drop.map((each) => `--cap-drop=${each}`),
      ...(own.capabilities.add ?? []).map((each) => `--cap-add=${each}`),
      `--memory=${resources.limits.memory?.replace('Mi', 'm')}`,
      ...env.map(({ name, valueFrom }) => `--env=${name}=${this.#field(valueFrom.fieldRef)}`),
      ...mounts,
      ...(command === undefined ? [] : [`--entrypoint=${JSON.stringify(command)}`]),
      image,
    ]
  }

  #field({ fieldPath }: { readonly fieldPath: string }): string {
    if (fieldPath === 'spec.nodeName') return this.#node.name
    throw new Error(`nobody knows ${fieldPath}`)
  }

  async #mount(mount: Container['volumeMounts'][number]): Promise<string> {
    knownOnly(mount, ['name', 'mountPath', 'subPath', 'readOnly'])
    const volume = this.spec.volumes.find(({ name }) => name === mount.name)
    if (volume === undefined) throw new Error(`there is no volume ${mount.name}`)
    const source = join(await this.#volume(volume), mount.subPath ?? '')
    return `--volume=${source}:${mount.mountPath}${mount.readOnly ? ':ro' : ''}`
  }

  async #volume(volume: PodSpec['volumes'][number]): Promise<string> {
    const own = join(this.#folder, volume.name)
    const group = this.spec.securityContext.fsGroup
    if ('emptyDir' in volume) {
      // As the kubelet gives one to the group.
      await mkdir(own, { recursive: true })
      await chown(own, 0, group)
      await chmod(own, 0o2777)
      return own
    }
    if ('hostPath' in volume) {
      const path = join(this.#node.root, volume.hostPath.path)
      if (volume.hostPath.type === 'DirectoryOrCreate') await mkdir(path, { recursive: true })
      return path
    }
    const name = 'secret' in volume ? volume.secret.secretName : volume.configMap.name
    const mode = 'secret' in volume ? volume.secret.defaultMode : 0o644
    const data = this.#objects.find(({ metadata }) => metadata.name === name)?.data ?? {}
    for (const [key, value] of Object.entries(data)) {
      const file = join(own, key)
      await mkdir(dirname(file), { recursive: true })
      await rm(file, { force: true })
      const encoding = 'secret' in volume ? 'base64' : 'utf8'
      await writeFile(file, Buffer.from(value, encoding))
      await chown(file, 0, group)
      await chmod(file, mode)
    }
    return own
  }
}

function knownOnly(value: object, names: readonly string[]): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`what ${unknown} does in a pod is not tried`)
}
