/**
 * Where a cluster's nodes differ from others: which folder keeps what is written there, and which
 * SELinux type lets a container write to it. None of these was tried on such a node yet; what each
 * rests on stands beside it, and docs/guides/kubernetes.md says it to people.
 */
export const FLAVOURS = ['standard', 'openshift', 'gcos', 'bottlerocket', 'gke_autopilot'] as const
export type Flavour = (typeof FLAVOURS)[number]

export type FlavourTraits = {
  /** On the node; null: nothing of the node may be mounted, so the state ends with its pod. */
  readonly stateFolder: string | null
  /** Null: the type that containers have there anyway. */
  readonly seLinuxType: string | null
}

export const FLAVOUR_TRAITS: Readonly<Record<Flavour, FlavourTraits>> = {
  standard: { stateFolder: '/var/lib/drydock-agent', seLinuxType: null },
  // Red Hat, "container-selinux": container_t may not write to files of a node, spc_t may.
  openshift: { stateFolder: '/var/lib/drydock-agent', seLinuxType: 'spc_t' },
  // Container-Optimized OS, "Disks and file system": /var does not let programs be started, this
  // folder does, and a payload lies in the state.
  gcos: { stateFolder: '/var/lib/google/drydock-agent', seLinuxType: null },
  // Each pod gets categories of its own, and those of super_t see the files of the pod before.
  bottlerocket: { stateFolder: '/local/drydock-agent', seLinuxType: 'super_t' },
  // GKE, "Autopilot security": of a node, pods may mount /var/log, and that to read.
  gke_autopilot: { stateFolder: null, seLinuxType: null },
}
