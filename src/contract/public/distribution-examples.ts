/** What `distributions/create` is sent. */
import type { CallExample } from './call.ts'

/** Bodies as the document shows them, and as clients in the field send them. */
export const CREATE_EXAMPLES: readonly CallExample[] = [
  {
    name: 'the document: a standalone installer',
    request: {
      name: '<installation package name>',
      platform: 'windows',
      package_type: 'standalone',
      agent_version: 'windows_version',
    },
  },
  {
    name: 'the document: an upgrade',
    request: {
      name: '<installation package name>',
      package_type: 'upgrade',
      agent_version: 'windows_version',
    },
  },
  {
    name: 'the document: a Kubernetes installer',
    request: {
      name: 'PAPI Dist K8s',
      description: 'Created using PAPI',
      endpoint_tags: ['new-tag'],
      package_type: 'kubernetes',
      platform: 'linux',
      agent_version: '8.8.0.10594',
      deployment_platform: 'standard',
      default_namespace: 'cortex-xdr',
      node_selector: { key: 'val' },
      proxy: ['10.10.10.1:8080'],
      cluster_name: 'some_name',
      run_on_master_node: true,
      run_on_all_nodes: false,
    },
  },
  {
    name: 'a SOAR client: a standalone installer',
    request: {
      name: 'n',
      platform: 'linux',
      package_type: 'standalone',
      agent_version: '8.6.0.5678',
      description: 'd',
    },
    reply: { distribution_id: '588a56de313549b49d70d14d4c1fd0e3' },
  },
  {
    name: 'a SOAR client: an upgrade',
    request: {
      name: 'n',
      package_type: 'upgrade',
      description: null,
      windows_version: '8.6.0.1234',
    },
  },
  {
    name: 'a Kubernetes script',
    request: {
      name: 'n',
      package_type: 'kubernetes',
      agent_version: '8.8.0.10594',
      deployment_platform: 'standard',
      default_namespace: 'cortex-xdr',
      run_on_master_node: true,
      run_on_all_nodes: true,
    },
  },
  {
    name: 'a SOAR connector',
    request: { name: 'n', package_type: 'Standalone', platform: 'Android' },
  },
]
