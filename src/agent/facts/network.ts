/** What Node and bun know of a machine's network, on every platform. */
import { networkInterfaces } from 'node:os'
import type { Facts } from '../../contract/agent/facts.ts'
import { leaveOut } from './leave-out.ts'

const LIST_MAX = 64

export function listAddresses(): Pick<Facts, 'ipv4' | 'ipv6' | 'mac_addresses'> {
  const found = { ipv4: new Set<string>(), ipv6: new Set<string>(), macs: new Set<string>() }
  for (const [name, addresses] of Object.entries(leaveOut(networkInterfaces) ?? {})) {
    // Ends of container links come and go by the minute, and Apple's links from device to device
    // change their addresses as often: they tell nothing of the machine.
    if (/^(?:veth|awdl|llw)/.test(name)) continue
    for (const { family, address, mac, internal } of addresses ?? []) {
      if (internal) continue
      found[family === 'IPv4' ? 'ipv4' : 'ipv6'].add(address.slice(0, 64))
      if (mac !== '00:00:00:00:00:00') found.macs.add(mac)
    }
  }
  return {
    ipv4: sortedList(found.ipv4),
    ipv6: sortedList(found.ipv6),
    mac_addresses: sortedList(found.macs),
  }
}

/** As the contract takes a list: sorted, so that it is the same when nothing changed. */
export function sortedList(items: ReadonlySet<string>): string[] {
  return [...items].sort().slice(0, LIST_MAX)
}
