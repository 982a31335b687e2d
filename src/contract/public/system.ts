/** What monitoring and set-up tools ask first. */
import * as z from 'zod'
import { publicCall } from './call.ts'

const count = z.int()
/** 0: not licensed; else milliseconds UTC. The original also writes texts. */
const expires = z.union([z.int(), z.string()])
const agents = z.union([z.literal(0), z.object({ agents: count })])
const gigabytes = z.union([z.literal(0), z.object({ gb: count })])

export const tenantInfo = z.object({
  prevent_expiration: expires,
  purchased_prevent: count,
  installed_prevent: count,
  pro_per_endpoint_expiration: expires,
  purchased_pro_per_endpoint: agents,
  data_enabled_pro_per_endpoint: count,
  pro_cloud_expiration: expires,
  purchased_pro_cloud: agents,
  installed_pro_cloud: count,
  data_enabled_pro_cloud: count,
  pro_gb_expiration: expires,
  purchased_pro_gb: gigabytes,
  installed_pro_gb: count,
  xsiam_premium_expiration: expires,
  purchased_xsiam_premium: z.union([
    z.literal(0),
    z.object({ users: count, gb: count, agents: count }),
  ]),
  cloud_posture_expiration: expires,
  purchased_cloud_posture: z.union([z.literal(0), z.object({ workloads: count })]),
  installed_cloud_posture: count,
  host_insights_expiration: expires,
  enabled_host_insights: count,
  purchased_host_insights: count,
  forensics_expiration: expires,
  enabled_forensics: count,
  compute_unit_expiration: expires,
  purchased_compute_unit: count,
  /** Ours: `everything`, or the product and its add-ons. */
  licence: z.string().optional(),
  version: z.string().optional(),
  instance_id: z.string().optional(),
})

export const healthcheckCall = publicCall({
  method: 'GET',
  path: 'healthcheck',
  summary: 'Whether the server is there, works and knows the key. The answer stands alone.',
  origin: 'documented',
  request: z.looseObject({}),
  reply: z.object({ status: z.literal('available') }),
  envelope: 'bare',
  body: 'either',
  isRepeatable: true,
  examples: [{ name: 'documented', request: {}, reply: { status: 'available' } }],
})
export const getTenantInfoCall = publicCall({
  path: 'system/get_tenant_info',
  summary: 'What the instance is licensed for, which version it is, and how many endpoints it has.',
  origin: 'documented',
  request: z.looseObject({}),
  reply: tenantInfo,
  isRepeatable: true,
  examples: [{ name: 'nothing is asked', request: {} }],
})
