import type { Machine } from '../../agent/facts/machine.ts'
import { SIM_TARGET } from '../release.ts'

/** What a simulated machine says of itself. */
export function factsOf(about: { readonly name: string; readonly timeZone: string }): Machine {
  return {
    target: SIM_TARGET,
    ownId: () => '',
    facts: (known) => ({
      hostname: about.name,
      platform: 'linux',
      arch: 'x64',
      libc: 'glibc',
      os_name: 'Debian GNU/Linux',
      os_version: '12.5',
      kernel: '6.1.0-18-amd64',
      kind: 'server',
      ipv4: [],
      ipv6: [],
      mac_addresses: [],
      users: [],
      domain: '',
      time_zone: about.timeZone,
      ...known,
    }),
  }
}
