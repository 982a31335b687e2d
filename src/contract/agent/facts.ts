import * as z from 'zod'
import { clusterFacts } from './cluster.ts'

const shortText = z.string().max(255)
const address = z.string().max(64)

/** What an agent knows of its machine. Times are milliseconds UTC. */
export const facts = z.strictObject({
  hostname: shortText,
  platform: z.enum(['windows', 'linux', 'macos', 'android']),
  arch: z.enum(['x64', 'arm64']),
  libc: z.enum(['glibc', 'musl', 'none']),
  /** Name and version as a person writes them: `Debian GNU/Linux`, `12.5`. */
  os_name: shortText,
  os_version: shortText,
  kernel: shortText,
  /** `server` where nobody works at it (no graphical target), else `workstation`. */
  kind: z.enum(['server', 'workstation']),
  ipv4: z.array(address).max(64),
  ipv6: z.array(address).max(64),
  mac_addresses: z.array(z.string().max(32)).max(64),
  /** Who is logged in. */
  users: z.array(shortText).max(64),
  domain: shortText,
  /** The installation's own id (`/etc/machine-id` on Linux); empty when the machine has none. */
  machine_id: shortText,
  /** IANA name, such as `Europe/Berlin`. */
  time_zone: z.string().max(64),
  /** Tags given to the installer on the machine; server tags are kept apart. */
  endpoint_tags: z.array(z.string().min(1).max(128)).max(100),
  /** When this agent was first installed here. */
  installed_at: z.int().min(0),
  /** Of an agent in a Kubernetes pod; servers before 1.1 refuse it, so machines leave it out. */
  cluster: clusterFacts.optional(),
})
export type Facts = z.infer<typeof facts>
