import { type Kysely, sql } from 'kysely'

/**
 * What the lists of endpoints are found by. Nearly every filter is counted to the last endpoint and
 * shown in order of `first_seen`, so each index holds both and the endpoint's id: rows, of a
 * kilobyte each, are read only for the page. Only what has a few values is counted in an index of
 * nothing else, which is a tenth in size. There is none on `liveness.last_seen`: every check-in
 * would pay for it.
 *
 * A tag may be on half of the fleet, and a scope asks for tags with every call, so they have a
 * table: an index of arrays finds the rows and not the answer, which is ten times the work. The
 * database keeps it by a trigger, because whoever forgot to would open a scope.
 */
export const endpointLists = { name: '0008-endpoint-lists', up }

const LISTED = 'where deleted_at is null'

const INDEXES = [
  `alter table endpoint
    add column health_status text generated always as (health ->> 'status') stored`,
  `drop index endpoint_by_first_seen`,
  `drop index endpoint_by_hostname`,
  `create index endpoint_listed_by_first_seen on endpoint (first_seen, id)
    include (platform, health_status) ${LISTED}`,
  `create index endpoint_listed_by_health on endpoint (health_status, platform) ${LISTED}`,
  `create index endpoint_listed_by_id on endpoint (id, first_seen) ${LISTED}`,
  `create index endpoint_listed_by_hostname on endpoint (hostname, first_seen, id) ${LISTED}`,
  `create index endpoint_listed_by_alias on endpoint (alias, first_seen, id) ${LISTED}`,
  `create index endpoint_listed_by_version on endpoint (version, first_seen, id) ${LISTED}`,
  `create index endpoint_listed_by_distribution
    on endpoint (distribution_id, first_seen, id) ${LISTED}`,
  `create index endpoint_listed_by_address on endpoint (public_address, first_seen, id) ${LISTED}`,
  `create index endpoint_not_listed on endpoint (id) where deleted_at is not null`,
  `create index endpoint_by_facts on endpoint using gin (
    ((facts -> 'ipv4') || (facts -> 'ipv6')), (facts -> 'users')) ${LISTED}`,
]

const TAGS_OF = `jsonb_array_elements_text(
  endpoint.server_tags || (endpoint.facts -> 'endpointTags'))`

const TAGS = [
  `create table endpoint_tag (
    endpoint_id text not null references endpoint (id) on delete cascade,
    tag text not null,
    first_seen bigint not null,
    is_listed boolean not null,
    primary key (endpoint_id, tag)
  )`,
  `insert into endpoint_tag (endpoint_id, tag, first_seen, is_listed)
    select distinct id, tag, first_seen, deleted_at is null from endpoint, ${TAGS_OF} tag`,
  `create index endpoint_tag_by_tag on endpoint_tag (tag, first_seen, endpoint_id)
    where is_listed`,
  `create function keep_endpoint_tags() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then delete from endpoint_tag where endpoint_id = new.id; end if;
      insert into endpoint_tag (endpoint_id, tag, first_seen, is_listed)
        select distinct new.id, tag, new.first_seen, new.deleted_at is null
        from ${TAGS_OF.replaceAll('endpoint.', 'new.')} tag;
      return null;
    end $$`,
  `create trigger endpoint_tags_made after insert on endpoint
    for each row execute function keep_endpoint_tags()`,
  `create trigger endpoint_tags_changed after update on endpoint for each row when (
      old.server_tags is distinct from new.server_tags
      or old.facts -> 'endpointTags' is distinct from new.facts -> 'endpointTags'
      or (old.deleted_at is null) <> (new.deleted_at is null)
      or old.first_seen <> new.first_seen
    ) execute function keep_endpoint_tags()`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of [...INDEXES, ...TAGS]) await sql.raw(statement).execute(database)
}
