/**
 * The packages of an agent in a cluster: a file that says what the cluster is to run. They have no
 * target and name no artifact: what runs is an image, which its nodes pull.
 */
import { chartFileName, writeChart } from './helm/helm.ts'
import type { ClusterSpec } from './kubernetes/cluster-spec.ts'
import { writeClusterManifest } from './kubernetes/kubernetes.ts'
import { NAME } from './kubernetes/names.ts'
import type { Segment } from './writer.ts'

export type ClusterPackage = {
  readonly format: 'yaml' | 'helm'
  /** For the download's `Content-Type`. */
  readonly mediaType: string
  fileName(spec: ClusterSpec): string
  /** The same spec gives the same bytes; one that must not become a package is refused by Fault. */
  write(spec: ClusterSpec): readonly Segment[]
}

/** By the kind of a distribution: each has one package. */
export const clusterPackages: Readonly<Record<'kubernetes' | 'helm', ClusterPackage>> = {
  kubernetes: {
    format: 'yaml',
    // RFC 9512.
    mediaType: 'application/yaml',
    fileName: ({ version }) => `${NAME}-${version}.yaml`,
    write: (spec) => [{ kind: 'bytes', bytes: writeClusterManifest(spec) }],
  },
  helm: {
    format: 'helm',
    mediaType: 'application/gzip',
    fileName: ({ version }) => chartFileName(version),
    write: writeChart,
  },
}
