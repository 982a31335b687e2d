export type ListenAddress = { readonly host: string; readonly port: number }

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`; null for anything else. */
export function parseListenAddress(text: string): ListenAddress | null {
  const [, ipv6, name, digits] = ADDRESS.exec(text.trim()) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  return host === undefined || port > 65_535 ? null : { host, port }
}

/** As a URL has it. */
export function urlOf(address: ListenAddress, protocol: 'http' | 'https'): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${protocol}://${host}:${address.port}`
}

/** Whether it means every address of the machine, which is none that an agent could call. */
export function isEveryAddress(address: ListenAddress): boolean {
  return address.host === '0.0.0.0' || /^[0:]+$/.test(address.host)
}
