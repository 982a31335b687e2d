/** `audits/*`: the documented lists, and ours that proves the first of them. */
import * as z from 'zod'
import { sha256Hex } from '../schema.ts'
import { publicCall } from './call.ts'
import { columnNames, listFilters, listSort, searchPage } from './list.ts'

const list = { filters: listFilters, ...searchPage, fields: columnNames }

/** The document spells it `sub_type` among the filters and `sub-type` among the orders. */
export const managementLogs = z.strictObject({
  ...list,
  sort: listSort(['type', 'sub_type', 'sub-type', 'result', 'timestamp']),
})
export type ManagementLogsRequest = z.infer<typeof managementLogs>

export const managementLog = z.object({
  AUDIT_ID: z.int(),
  AUDIT_OWNER_NAME: z.string(),
  AUDIT_OWNER_EMAIL: z.string(),
  /** JSON as text: `{"before": ..., "after": ...}`. */
  AUDIT_ASSET_JSON: z.string().nullable(),
  AUDIT_ASSET_NAMES: z.string(),
  AUDIT_HOSTNAME: z.string().nullable(),
  AUDIT_RESULT: z.enum(['SUCCESS', 'FAIL']),
  /** A code of docs/reasons.md. */
  AUDIT_REASON: z.string().nullable(),
  AUDIT_DESCRIPTION: z.string(),
  AUDIT_ENTITY: z.string(),
  AUDIT_ENTITY_SUBTYPE: z.string(),
  AUDIT_SESSION_ID: z.null(),
  AUDIT_CASE_ID: z.null(),
  AUDIT_INSERT_TIME: z.int(),
  AUDIT_SEVERITY: z.string(),
  AUDIT_LINK: z.null(),
  AUDIT_SOURCE_IP: z.string().nullable(),
  AUDIT_USER_AGENT: z.string().nullable(),
  AUDIT_USER_ROLES: z.array(z.string()),
  AUDIT_ADDITIONAL_INFORMATION: z.object({
    endpoint_names: z.array(z.string()),
    endpoint_count: z.int(),
  }),
  AUDIT_OBJECT_ID: z.string(),
  /** Ours: its place in the chain, and its hash; null for the first second. */
  AUDIT_SEQUENCE: z.int().nullable(),
  AUDIT_HASH: z.string().nullable(),
})
export const managementLogsReply = z.object({
  total_count: z.int(),
  result_count: z.int(),
  data: z.array(managementLog.partial()),
})

export const agentsReports = z.strictObject({
  ...list,
  sort: listSort(['type', 'category', 'trapsversion', 'xdr_version', 'timestamp', 'domain']),
})
export type AgentsReportsRequest = z.infer<typeof agentsReports>

export const agentsReport = z.object({
  /** Milliseconds UTC, as a number with a fraction. */
  TIMESTAMP: z.number(),
  RECEIVEDTIME: z.number(),
  ENDPOINTID: z.string(),
  ENDPOINTNAME: z.string(),
  DOMAIN: z.string(),
  TRAPSVERSION: z.string(),
  XDRVERSION: z.string(),
  CATEGORY: z.string(),
  TYPE: z.string(),
  SUBTYPE: z.string(),
  RESULT: z.enum(['Success', 'Failed']),
  REASON: z.string().nullable(),
  SEVERITY: z.enum(['Informational', 'Low', 'Medium', 'High']),
  DESCRIPTION: z.string(),
})
export const agentsReportsReply = z.object({
  total_count: z.int(),
  result_count: z.int(),
  data: z.array(agentsReport.partial()),
})

/** The end of a chain, or of the part of it that was looked at. */
export const chainHead = z.strictObject({ sequence: z.int().min(0), hash: sha256Hex })

export const verifyAudits = z.strictObject({
  /** Where the part before ended, as `verified` told it; absent: from the first entry. */
  from: chainHead.nullish(),
  /** A head that was kept elsewhere: the chain must have it. */
  head: chainHead.nullish(),
})
export const verifyAuditsReply = z.object({
  /** All that was looked at holds; of the whole chain when `is_whole`. */
  valid: z.boolean(),
  is_whole: z.boolean(),
  /** How far it holds. */
  verified: chainHead,
  /** Where the chain ends, to be kept elsewhere. */
  head: chainHead,
  /** Entries that were sealed, and those of the last moments that were not yet. */
  entries: z.int(),
  unsealed: z.int(),
  broken: z
    .object({
      sequence: z.int(),
      problem: z.enum(['changed', 'missing', 'inserted', 'head-not-ours']),
    })
    .nullable(),
})

export const managementLogsCall = publicCall({
  path: 'audits/management_logs',
  summary: 'What was changed and refused, by whom, from where, with before and after.',
  origin: 'documented',
  request: managementLogs,
  reply: managementLogsReply,
  isRepeatable: true,
  examples: [
    {
      name: 'the newest entry',
      request: {
        search_from: 0,
        search_to: 1,
        sort: { field: 'timestamp', keyword: 'desc' },
      },
    },
    {
      name: 'of distributions, since a time',
      request: {
        filters: [
          { field: 'type', operator: 'in', value: ['DISTRIBUTIONS'] },
          { field: 'timestamp', operator: 'gte', value: 1610000000000 },
        ],
      },
    },
  ],
})
export const agentsReportsCall = publicCall({
  path: 'audits/agents_reports',
  summary: 'What endpoints went through: installed, upgraded, failed, deleted; kept for a year.',
  origin: 'documented',
  request: agentsReports,
  reply: agentsReportsReply,
  isRepeatable: true,
  examples: [
    {
      name: 'upgrades that failed',
      request: {
        filters: [
          { field: 'sub_type', operator: 'in', value: ['Upgrade'] },
          { field: 'result', operator: 'in', value: ['Failed'] },
        ],
        sort: { field: 'timestamp', keyword: 'desc' },
      },
    },
  ],
})
const EXAMPLE_HEAD = {
  sequence: 1200,
  hash: '4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce',
}
export const verifyAuditsCall = publicCall({
  path: 'audits/verify',
  summary:
    'Proves the chain of the audit log, up to 50,000 entries at a time; told where one part ' +
    'ended, it goes on from there.',
  origin: 'ours',
  request: verifyAudits,
  reply: verifyAuditsReply,
  isRepeatable: true,
  examples: [
    {
      name: 'from the first entry',
      request: {},
      reply: {
        valid: true,
        is_whole: true,
        verified: EXAMPLE_HEAD,
        head: EXAMPLE_HEAD,
        entries: 1200,
        unsealed: 0,
        broken: null,
      },
    },
  ],
})
