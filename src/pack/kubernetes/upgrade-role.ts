/** What the agent's account may do: see _access.ts. */
import type { Rule } from './api.ts'
import { NAME } from './names.ts'

export const UPGRADE_ROLE = 'drydock-agent-upgrade'

export const UPGRADE_PURPOSE =
  'Lets the agent move its own DaemonSet to the version that was ordered, and back. ' +
  'Without this role upgrades are refused as cluster-upgrade-not-granted.'

/** A name rule holds for get and patch; a list cannot be narrowed to pods of one daemon set. */
export const UPGRADE_RULES: readonly Rule[] = [
  {
    apiGroups: ['apps'],
    resources: ['daemonsets'],
    resourceNames: [NAME],
    verbs: ['get', 'patch'],
  },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
]
