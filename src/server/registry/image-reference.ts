/** How an image of ours is called by who pulls it. */
import type { AgentVersion } from '../../base/version.ts'

export const REPOSITORY = 'drydock/agent'

/** The image of one version of the agent for Linux, for every processor that it was built for. */
export type Image = {
  readonly repository: typeof REPOSITORY
  /** The version. It names another digest when a build for another processor is published. */
  readonly tag: AgentVersion
  /** Of the index: `sha256:...`; stays pullable for as long as its release is there. */
  readonly digest: string
  /** By digest, with the registry's host: what a pod or `podman pull` is given. */
  readonly reference: string
}

export function imageOf(publicUrl: string, tag: AgentVersion, digest: string): Image {
  const reference = `${registryOf(publicUrl)}/${REPOSITORY}@${digest}`
  return { repository: REPOSITORY, tag, digest, reference }
}

/**
 * Host and port of the server, as a reference begins with them; a path of the URL is left out,
 * because registries lie at their host's root (OCI distribution 1.1, "API"). A name without a dot
 * or a port would be taken for a folder of Docker Hub, and where a port is not named clients take
 * that of https.
 */
export function registryOf(publicUrl: string): string {
  const { protocol, hostname, port } = new URL(publicUrl)
  if (port !== '') return `${hostname}:${port}`
  if (protocol === 'http:') return `${hostname}:80`
  return hostname.includes('.') ? hostname : `${hostname}:443`
}
