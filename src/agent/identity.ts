/**
 * What the server knows this endpoint by. Holds the credential, so it is readable by the agent
 * alone.
 */
import * as z from 'zod'
import { hexId } from '../contract/schema.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

/** Read loosely: after a roll-back an older agent reads what a newer one wrote. */
const identity = z.object({
  schema: z.literal(1),
  endpoint_id: hexId,
  credential: z.string().regex(/^[0-9a-f]{64}$/),
  server_url: z.string(),
  distribution_id: hexId,
  /** When this agent was first installed here, in milliseconds UTC. */
  installed_at: z.int().min(0),
})
export type Identity = z.infer<typeof identity>

/**
 * Null when there is none, or none that can be read: the agent then enrols, and is recognised by
 * its machine.
 */
export function loadIdentity(path: string): Identity | null {
  const read = readJsonFile(path, identity)
  return read.ok ? read.value : null
}

export function saveIdentity(path: string, value: Identity): void {
  writeJsonFile(path, value)
}
