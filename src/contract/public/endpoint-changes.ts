/** `endpoints/*` that name, delete or ask for the policy of endpoints; the documented shapes. */
import * as z from 'zod'
import { publicCall } from './call.ts'
import { timeframeWindow } from './endpoints.ts'
import { ALIAS_CHARACTERS_MAX } from './limits.ts'
import { changeFilters } from './list.ts'

const EXAMPLE_ID = '0123456789abcdef0123456789abcdef'
const EXAMPLE_FILTERS = [{ field: 'endpoint_id_list', operator: 'in', value: [EXAMPLE_ID] }]

export const updateAgentName = z.strictObject({
  filters: changeFilters,
  /** The characters are those of the original's console; an empty one takes the name away. */
  alias: z
    .string()
    .max(ALIAS_CHARACTERS_MAX)
    .regex(/^[A-Za-z0-9!@#$%^&:()\-'{}~_.]*$/, "letters, digits and !@#$%^&:()-'{}~_."),
})
export const deleteEndpoints = z.strictObject({ filters: changeFilters })
/** What most of the calls that change endpoints answer. */
export const doneReply = z.literal(true)

export const endpointId = z.string().trim().min(1).max(100)
export const getPolicy = z.strictObject({ endpoint_id: endpointId })
/** `policy_name` is documented; what the policy says is ours. */
export const getPolicyReply = z.object({
  policy_name: z.string(),
  /** Whether an upgrade policy orders newer versions for it. */
  auto_upgrade: z.boolean(),
  /** How many endpoints of the instance may be at work on an upgrade at once. */
  parallel_upgrades: z.int().nullable(),
  /** When upgrades may start that bring no window of their own; null: at any time. */
  upgrade_timeframe_window: timeframeWindow.nullable(),
})

export const updateAgentNameCall = publicCall({
  path: 'endpoints/update_agent_name',
  summary: 'Gives endpoints an alias, or takes it away with an empty one.',
  origin: 'documented',
  request: updateAgentName,
  reply: doneReply,
  isRepeatable: true,
  examples: [{ name: 'one endpoint', request: { filters: EXAMPLE_FILTERS, alias: 'web-1' } }],
})
export const deleteEndpointsCall = publicCall({
  path: 'endpoints/delete',
  summary:
    'Deletes endpoints: they are not listed any more, and what is known of them stays. One that ' +
    'checks in again is restored.',
  origin: 'documented',
  request: deleteEndpoints,
  reply: doneReply,
  isRepeatable: true,
  examples: [{ name: 'by id', request: { filters: EXAMPLE_FILTERS }, reply: true }],
})
export const getPolicyCall = publicCall({
  path: 'endpoints/get_policy',
  summary: 'The upgrade policy that applies to an endpoint.',
  origin: 'documented',
  request: getPolicy,
  reply: getPolicyReply,
  isRepeatable: true,
  examples: [{ name: 'of one endpoint', request: { endpoint_id: EXAMPLE_ID } }],
})
