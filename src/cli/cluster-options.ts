/** Where and how agents run in a cluster, as `distribution create` takes it. */
import { accept, type Result } from '../base/result.ts'
import type { CreateDistributionRequest } from '../contract/public/distributions.ts'
import type { Values } from './command.ts'
import { type Failure, refuseUsage } from './outcome.ts'

export const CLUSTER_OPTIONS = {
  'cluster-name': { kind: 'text', value: 'NAME', help: 'of the cluster' },
  namespace: { kind: 'text', value: 'NAME', help: 'where its agents run' },
  flavour: {
    kind: 'text',
    value: 'NAME',
    help: 'standard, openshift, gcos, bottlerocket or gke_autopilot',
  },
  'node-selector': { kind: 'list', value: 'KEY=VALUE', help: 'a label that its nodes have' },
  'on-control-plane': { kind: 'flag', help: 'on nodes of the control plane too' },
  'on-all-nodes': { kind: 'flag', help: 'on every node, whatever its taints' },
} as const

type ClusterFields = Pick<
  CreateDistributionRequest,
  'cluster_name' | 'default_namespace' | 'node_selector' | 'run_on_master_node' | 'run_on_all_nodes'
> & { readonly deployment_platform?: string }

/** Only what was said: the server has its own defaults. */
export function readClusterOptions(
  values: Values<typeof CLUSTER_OPTIONS>,
): Result<ClusterFields, Failure> {
  const selector: Record<string, string> = {}
  for (const text of values['node-selector']) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === undefined || value === undefined) {
      return refuseUsage(`--node-selector ${text}: KEY=VALUE is expected.`)
    }
    selector[key] = value
  }
  return accept({
    ...(values['cluster-name'] === undefined ? {} : { cluster_name: values['cluster-name'] }),
    ...(values.namespace === undefined ? {} : { default_namespace: values.namespace }),
    ...(values.flavour === undefined ? {} : { deployment_platform: values.flavour }),
    ...(values['node-selector'].length === 0 ? {} : { node_selector: selector }),
    ...(values['on-control-plane'] ? { run_on_master_node: true } : {}),
    ...(values['on-all-nodes'] ? { run_on_all_nodes: true } : {}),
  })
}
