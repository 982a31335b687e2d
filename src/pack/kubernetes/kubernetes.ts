/**
 * A manifest: one YAML file that `kubectl apply` takes, with everything that an agent on each node
 * of a cluster needs. It holds the enrolment token and the password of the registry, so it is a
 * secret as a whole.
 */
import { utf8 } from '../../base/bytes.ts'
import { accessObjects } from './_access.ts'
import { configurationObjects } from './_configuration.ts'
import { daemonSetOf } from './_daemon-set.ts'
import type { KubernetesObject } from './api.ts'
import { type ClusterSpec, checkClusterSpec } from './cluster-spec.ts'
import { toYamlStream } from './yaml.ts'

/** In an order in which nothing waits for what comes later. */
export function clusterObjects(spec: ClusterSpec): readonly KubernetesObject[] {
  return [...accessObjects(spec), ...configurationObjects(spec), daemonSetOf(spec)]
}

/** Fails with a Fault (`package-refused`) for a spec that must not become a manifest. */
export function writeClusterManifest(spec: ClusterSpec): Uint8Array {
  checkClusterSpec(spec)
  return utf8(toYamlStream(headOf(spec), clusterObjects(spec)))
}

function headOf({ version, flavour }: ClusterSpec): string {
  return [
    `# Drydock agent ${version} for Kubernetes (${flavour}).`,
    '# Holds secrets: the enrolment token, and the password for pulling the image.',
    '#   kubectl apply -f FILE',
    '',
  ].join('\n')
}
