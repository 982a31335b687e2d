import type { Digest } from '../../base/digest.ts'
import { digestOf } from '../../base/digest.ts'
import type { ClusterFacts } from '../../contract/agent/cluster.ts'
import type { Facts } from '../../contract/agent/facts.ts'
import type { EndpointCluster, EndpointFacts } from '../../domain/endpoint/endpoint.ts'

/** Facts from the wire's spelling into house words. */
export function factsIn(facts: Facts): EndpointFacts {
  return {
    hostname: facts.hostname,
    target: { platform: facts.platform, arch: facts.arch, libc: facts.libc },
    osName: facts.os_name,
    osVersion: facts.os_version,
    kernel: facts.kernel,
    kind: facts.kind,
    ipv4: facts.ipv4,
    ipv6: facts.ipv6,
    macAddresses: facts.mac_addresses,
    users: facts.users,
    domain: facts.domain,
    machineId: facts.machine_id,
    timeZone: facts.time_zone,
    endpointTags: facts.endpoint_tags,
    installedAt: facts.installed_at,
    ...(facts.cluster === undefined ? {} : { cluster: clusterIn(facts.cluster) }),
  }
}

function clusterIn(cluster: ClusterFacts): EndpointCluster {
  const { name, uid, namespace, daemon_set, may_upgrade } = cluster
  return { name, uid, namespace, daemonSet: daemon_set, mayUpgrade: may_upgrade }
}

/**
 * The digest that agents send in place of facts that did not change: of their JSON as it was sent.
 */
export function factsDigestOf(facts: Facts): Digest {
  return digestOf(JSON.stringify(facts))
}
