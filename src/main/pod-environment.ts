/** What a pod's environment says of the pod: the launcher hands it on to the agent, and no more. */
import { POD_VARIABLES, type PodEnvironment } from '../agent/cluster/pod.ts'

const VALUE_CHARACTERS_MAX = 253

/** Only on what Kubernetes sets: names of machines, addresses and ports. */
export function podEnvironment(): PodEnvironment {
  const told = POD_VARIABLES.flatMap((name) => {
    const value = process.env[name] ?? ''
    const isPlain = value.length <= VALUE_CHARACTERS_MAX && /^[A-Za-z0-9.:_-]+$/.test(value)
    return isPlain ? [[name, value] as const] : []
  })
  return Object.fromEntries(told)
}
