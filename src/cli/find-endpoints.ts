/** Endpoints, page by page: a page is a hundred at most. */

import type { Client } from '../client/client.ts'
import type { EndpointObject } from '../contract/public/endpoint-lists.ts'
import type { ListFilter } from '../contract/public/list.ts'

const PAGE_SIZE = 100

export type Found = {
  readonly endpoints: readonly EndpointObject[]
  /** How many match, shown or not. */
  readonly total: number
}

/** Those whose field is one of the values. */
export function where(field: string, values: readonly string[]): ListFilter {
  return { field, operator: 'in', value: [...values] }
}

/** By id, so that endpoints that enrol meanwhile move nothing from one page to another twice. */
export async function findEndpoints(
  client: Client,
  filters: readonly ListFilter[],
  limit: number,
): Promise<Found> {
  const found = new Map<string, EndpointObject>()
  let total = 0
  for (let from = 0; found.size < limit; from += PAGE_SIZE) {
    const page = await client.endpoints.getEndpoint({
      filters: [...filters],
      search_from: from,
      search_to: from + PAGE_SIZE,
      sort: { field: 'endpoint_id', keyword: 'ASC' },
    })
    total = page.total_count
    for (const endpoint of page.endpoints) found.set(endpoint.endpoint_id, endpoint)
    if (page.endpoints.length === 0 || from + PAGE_SIZE >= total) break
  }
  return { endpoints: [...found.values()].slice(0, limit), total }
}

/** Those of a host name; where nobody has it, those of an alias. */
export async function findCalled(client: Client, name: string, limit: number): Promise<Found> {
  const found = await findEndpoints(client, [where('hostname', [name])], limit)
  if (found.total > 0) return found
  return await findEndpoints(client, [where('alias', [name])], limit)
}

export function isEndpointId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

/** `AGENT_OS_LINUX` -> `linux`. */
export function platformText(osType: string): string {
  return osType.replace(/^AGENT_OS_/, '').toLowerCase()
}
