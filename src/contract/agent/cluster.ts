/**
 * What an agent in a Kubernetes pod finds there, put by the manifest: `cluster.json` of a ConfigMap
 * in its configuration folder, and what the pod's environment says. Where the file is missing, the
 * agent is on a machine of its own.
 */
import * as z from 'zod'

/** RFC 1123 names, as Kubernetes takes them for namespaces and DaemonSets. */
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, 'a name as Kubernetes takes it')

/** Read loosely: a newer manifest may run beside an older image while it is rolled out. */
export const clusterFile = z.object({
  schema: z.literal(1),
  /** What the operator calls the cluster; empty: it has no name. */
  cluster_name: z.string().max(255),
  namespace: objectName,
  daemon_set: objectName,
  /** The container of the DaemonSet's pods that runs the agent. */
  container: objectName,
})
export type ClusterFile = z.infer<typeof clusterFile>

/** As an agent reports them; absent for agents on machines of their own. */
export const clusterFacts = z.strictObject({
  name: z.string().max(255),
  /**
   * UID of the DaemonSet: what has one image, and so is upgraded together. Two clusters of one name
   * have two. Empty: the agent was not allowed to read it, or could not yet.
   */
  uid: z.string().max(128),
  namespace: z.string().max(253),
  daemon_set: z.string().max(253),
  /** Whether its service account may change the DaemonSet. */
  may_upgrade: z.boolean(),
})
export type ClusterFacts = z.infer<typeof clusterFacts>
