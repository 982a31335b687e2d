/**
 * A fleet straight into the tables, spread as real ones are: some sites and distributions hold much
 * of it, most endpoints are connected, a few are lost, unhealthy or deleted. The same number gives
 * the same fleet, but for the times, which go back from now.
 */
import { Client } from 'pg'
import { type Connection, clientSettings } from '../connection.ts'

const DISTRIBUTIONS = 40
const DAY_MS = 86_400_000

/** `count` endpoints; where there is a release, half of them have had an upgrade to it. */
export async function fillFleet(connection: Connection, count: number, now: number): Promise<void> {
  const client = new Client(clientSettings(connection))
  await client.connect()
  try {
    await insertFleet(client, count, now)
  } finally {
    await client.end()
  }
}

async function insertFleet(client: Client, count: number, now: number): Promise<void> {
  await client.query(DISTRIBUTION_ROWS, [DISTRIBUTIONS, now])
  await client.query(ENDPOINT_ROWS, [count, DISTRIBUTIONS, now])
  await client.query(LIVENESS_ROWS, [now])
  await client.query(UPGRADE_ROWS, [now, now + 30 * DAY_MS])
  await client.query('vacuum analyze')
}

const DISTRIBUTION_ROWS = `
  insert into distribution (id, name, kind, platform, version, "order", state, token_digest,
    created_by, created_at, modified_at)
  select md5('distribution ' || n), 'fleet ' || n, 'standalone', 'linux', '1.0.0.1', '{}',
    'ready', md5('token ' || n), 'bench', $2::bigint, $2::bigint
  from generate_series(1, $1::int) n`

/** One in so many is in the smaller half, and so on: the first distribution has a fifth of all. */
const ENDPOINT_ROWS = `
  insert into endpoint (id, distribution_id, credential_digest, platform, arch, libc, version,
    manifest_digest, hostname, machine_id, facts, facts_digest, health, skipped, fingerprint,
    run_id, public_address, alias, server_tags, first_seen, deleted_at)
  select md5('endpoint ' || n), md5('distribution ' || 1 + floor(power(share, 2) * $2::int)),
    repeat(md5('credential ' || n), 2), platform, 'x64', libc, '1.0.0.' || 1 + n % 4,
    repeat(md5('manifest ' || n % 4), 2), hostname, md5('machine ' || n),
    jsonb_build_object(
      'hostname', hostname, 'target', jsonb_build_object('platform', platform, 'arch', 'x64',
        'libc', libc), 'osName', 'Debian GNU/Linux', 'osVersion', '12', 'kernel',
      '6.1.0-28-amd64', 'kind', case when n % 3 = 0 then 'server' else 'workstation' end,
      'ipv4', jsonb_build_array('10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256,
        '192.168.0.' || n % 250),
      'ipv6', jsonb_build_array('fd00::' || to_hex(n)), 'macAddresses',
      jsonb_build_array('52:54:00:' || n % 90 + 10 || ':' || n / 90 % 90 + 10 || ':01'),
      'users', jsonb_build_array('user-' || n / 2, 'admin-' || n % 50), 'domain', 'example.org',
      'machineId', md5('machine ' || n), 'timeZone', 'UTC', 'endpointTags',
      jsonb_build_array('site-' || floor(power(share, 2) * 50), 'ring-' || n % 4),
      'installedAt', $3::bigint),
    repeat(md5('facts ' || n), 2),
    case when n % 25 = 0
      then '{"status": "unhealthy", "details": [{"title": "disk", "reason": "full"}]}'::jsonb
      else '{"status": "healthy", "details": []}' end, '[]', repeat(md5('print ' || n), 2),
    md5('run ' || n), '203.0.' || floor(power(share, 3) * 100) || '.' || n % 3,
    case when n % 20 = 0 then 'alias ' || n else '' end,
    case when n % 10 < 3 then '["canary", "pilot ' || n % 7 || '"]' else '[]' end::jsonb,
    $3 - 300000::bigint * ($1 - n), case when n % 100 = 7 then $3::bigint end
  from (
    select n, 'host-' || substr(md5('host ' || n), 1, 6) || '-' || n as hostname,
      (hashint4(n)::bigint + 2147483648) / 4294967296.0 as share,
      case when n % 10 < 6 then 'windows' when n % 10 < 9 then 'linux' else 'macos' end as platform,
      case when n % 10 in (6, 7, 8) then 'glibc' else 'none' end as libc
    from generate_series(1, $1::int) n
  ) made`

/** Four in five within ten minutes, most others within thirty days. */
const LIVENESS_ROWS = `
  insert into liveness (endpoint_id, last_seen)
  select id, $1::bigint - case hashtext(id) & 31
    when 0 then 40 * 86400000::bigint + (hashtext('l' || id) & 268435455)
    when 1 then 86400000 + (hashtext('l' || id) & 268435455)
    when 2 then 3600000 + (hashtext('l' || id) & 67108863)
    when 3 then 900000 + (hashtext('l' || id) & 67108863)
    else hashtext('l' || id) & 262143 end
  from endpoint
  on conflict do nothing`

const UPGRADE_ROWS = `
  with release as (select min(manifest_digest) as digest from release), action as (
    insert into upgrade_action (target_versions, "window", created_by, created_at, expires_at)
    select '{"linux": "1.0.0.4"}', 'null', 'bench', $1::bigint, $2::bigint
    from release where digest is not null returning id
  )
  insert into upgrade (action_id, endpoint_id, state, from_version, target_version,
    manifest_digest, attempts, percent, bytes_done, bytes_total, retry_skipped, "window",
    expires_at, changed_at, finished_at)
  select action.id, endpoint.id, 'succeeded', '1.0.0.1', '1.0.0.4', release.digest, 1, 100,
    50000000, 50000000, false, 'null', $1::bigint, $1::bigint, $1::bigint
  from endpoint, action, release
  where hashtext(endpoint.id) % 2 = 0`
