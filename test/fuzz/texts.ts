/** Texts that have broken programs before, and texts that mean something to this one. */
import type { Chance } from './chance.ts'

/** `unescaped` things cannot stand in JSON as they are: `JSON.stringify` writes them as escapes. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\t\r\n',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfffy',
  '\ufeffbom',
  '\u202eתירבע\u202c',
  'مرحبا بالعالم',
  '👩🏽‍💻👨‍👩‍👧‍👦🏳️‍🌈',
  'Z̸̡̛a̷l̵g̶o̷',
  'ﬀİıßẞſ',
  '𝕳𝖊𝖑𝖑𝖔',
  '\u2028\u2029',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  "'; drop table endpoint; --",
  '%_\\%',
  '../../../../etc/passwd',
  '..\\..\\windows',
  '${jndi:ldap://x}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '\u001b[31mred',
  'null',
  'true',
  'NaN',
  '-1',
  '1e999',
  '0x10',
  '٣',
  '9007199254740993',
  '2026-11-22T00:00:00Z',
  '24:00',
  '8.6.0',
  '8.6.0.1.2',
  '08.6.0.1',
  '999999999.999999999.999999999.999999999',
  'latest',
  'windows_version',
  'A'.repeat(101),
  'é'.repeat(300),
  'x'.repeat(5_000),
]

/** Taken where a pattern of the document fits them. */
const PLAUSIBLE: readonly string[] = [
  'web',
  'web servers',
  'Fuzz, of_the-kind 1',
  '8.6.0.1',
  '8.6.0.5678',
  '9.9.9.9',
  '02:00',
  '23:59',
  '0'.repeat(32),
  'f'.repeat(32),
  '0'.repeat(64),
  'a'.repeat(64),
  '123456',
  '1',
  'proxy.example:3128',
  '10.10.10.1:8080',
  'agent.mjs',
  'ada@example.org',
  'cortex-xdr',
  'Viewer',
  'linux',
  'a reason',
]

/** Words of lists, which the document tells in sentences only. */
const FIELD_TEXTS: readonly (readonly [string, readonly string[]])[] = [
  ['platform', ['linux', 'linux', 'Linux', 'windows']],
  ['package_type', ['standalone', 'Standalone', 'sh', 'deb']],
  ['path', ['agent.mjs', 'payload/run']],
  ['tag', ['web', 'a tag']],
  ['tags', ['web', 'a tag']],
  ['role_name', ['Viewer', 'fuzzers']],
  ['user_email', ['ada@example.org', 'bob@example.org']],
  [
    'field',
    [
      ...[
        'endpoint_id_list',
        'dist_name',
        'group_name',
        'alias',
        'hostname',
        'username',
        'ip_list',
      ],
      ...['public_ip_list', 'endpoint_status', 'platform', 'isolate', 'scan_status', 'first_seen'],
      ...['last_seen', 'cloud_id', 'cloud_region', 'operational_status', 'tag', 'distribution_id'],
      ...['name', 'description', 'package_type', 'agent_version', 'status', 'state', 'id', 'roles'],
      ...['email', 'type', 'sub_type', 'result', 'timestamp', 'category', 'domain', 'expiration'],
      ...['version', 'arch', 'withdrawn', 'endpoint_id', 'endpoint_name', 'created_by'],
    ],
  ],
  [
    'value',
    [
      ...['connected', 'LOST', 'linux', 'Windows', 'standalone', 'completed', 'success', 'none'],
      ...['unisolated', '10.0.0.7', 'fuzz-1', '0', '1', '1893456000000', 'false', 'x64', 'queued'],
    ],
  ],
  [
    'fields',
    [
      ...[
        'endpoint_id',
        'name',
        'status',
        'version',
        'id',
        'AUDIT_ID',
        'distribution_id',
        'counts',
      ],
      ...[
        'agent_id',
        'host_name',
        'state',
        'reason',
        'floors',
        'last_upgrade',
        'TIMESTAMP',
        'tags',
      ],
    ],
  ],
]

export type Texts = {
  /** Ids and names of what the server holds. */
  readonly known: string[]
  /** By the name of the field they belong in. */
  readonly named: Map<string, readonly (string | number)[]>
  readonly byPattern: Map<string, readonly string[]>
}

export function newTexts(): Texts {
  return { known: [], named: new Map(FIELD_TEXTS), byPattern: new Map() }
}

type TextSchema = {
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
}

/** Mostly right; where nothing fits the pattern, anything. */
export function textFor(schema: TextSchema, texts: Texts, chance: Chance): string {
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
  const isKnown = texts.known.length > 0 && chance.is(0.6)
  const fitting = fitted(isKnown ? texts.known : PLAUSIBLE, pattern, texts)
  const text = chance.of(fitting.length > 0 ? fitting : PLAUSIBLE)
  return text.slice(0, maxLength).padEnd(minLength, 'a')
}

function fitted(
  candidates: readonly string[],
  pattern: string | undefined,
  texts: Texts,
): readonly string[] {
  if (pattern === undefined) return candidates
  const key = `${candidates.length} ${pattern}`
  const cached = texts.byPattern.get(key)
  if (cached !== undefined) return cached
  const expression = new RegExp(pattern, 'u')
  const fitting = candidates.filter((text) => expression.test(text))
  texts.byPattern.set(key, fitting)
  return fitting
}

/** At a limit, just inside it, or just beyond it. */
export function textAtLimit(schema: TextSchema, chance: Chance): string {
  const limits = [schema.minLength ?? 0, schema.maxLength ?? 100]
  const length = Math.max(chance.of(limits) + chance.of([-1, 0, 1]), 0)
  return chance.of(['a', '0', 'é', '😀']).repeat(Math.min(length, 200_000))
}
