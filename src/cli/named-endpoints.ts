/** Endpoints as a command line names them: by id, or by what some of them are called. */
import { accept, type Result } from '../base/result.ts'
import type { Client } from '../client/client.ts'
import { findCalled, isEndpointId, where } from './find-endpoints.ts'
import { type Failure, refuseFailed } from './outcome.ts'

const OF_ONE_NAME_MAX = 100_000

export const ENDPOINTS_OPERAND = {
  name: 'ENDPOINT',
  help: 'an id; a host name, else an alias: every endpoint of it',
  count: 'many',
} as const

/** The filter that means them; a name that nobody has is refused before anything is changed. */
export async function namedEndpoints(client: Client, words: readonly string[]) {
  const ids = await endpointIdsOf(client, words)
  if (!ids.ok) return ids
  return accept({ filters: [where('endpoint_id_list', ids.value)], count: ids.value.length })
}

export async function endpointIdsOf(
  client: Client,
  words: readonly string[],
): Promise<Result<readonly string[], Failure>> {
  const ids = new Set(words.filter(isEndpointId))
  for (const name of words.filter((word) => !isEndpointId(word))) {
    const { endpoints } = await findCalled(client, name, OF_ONE_NAME_MAX)
    if (endpoints.length === 0) return refuseFailed(`there is no endpoint called ${name}`)
    for (const { endpoint_id: id } of endpoints) ids.add(id)
  }
  return accept([...ids])
}
