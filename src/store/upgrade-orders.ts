/** New upgrade actions: an order of thousands is written while somebody waits for its reply. */
import { sql } from 'kysely'
import type { UpgradeActionId } from '../base/ids.ts'
import { invariant } from '../base/invariant.ts'
import type { UpgradeActionCreated } from '../domain/upgrade/create-upgrade-action.ts'
import { saveEvents } from './events.ts'
import type { Writer } from './open.ts'
import { saveNewRollout } from './rollouts.ts'
import { endOpenUpgrades, upgradeRow } from './upgrades.ts'

/** Saves an action with its upgrades, and ends the waiting upgrades that it takes over. */
export async function saveUpgradeAction(
  writer: Writer,
  created: UpgradeActionCreated,
  createdBy: string,
): Promise<UpgradeActionId> {
  const { action, rollout, upgrades } = created
  const endpointIds = upgrades.map((upgrade) => upgrade.endpointId)
  await endOpenUpgrades(writer, endpointIds, 'superseded', action.createdAt)
  const row = await writer
    .insertInto('upgrade_action')
    .values({
      target_versions: JSON.stringify(Object.fromEntries(action.targetVersions)),
      window: JSON.stringify(action.window),
      created_by: createdBy,
      created_at: action.createdAt,
      expires_at: action.expiresAt,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const actionId = row.id as UpgradeActionId // Branding what the store just gave.
  await saveNewRollout(writer, { ...rollout, actionId })
  const about = { actionId, by: createdBy, upgrades: upgrades.length }
  await saveEvents(writer, action.createdAt, [{ type: 'upgrade-action.created', ...about }])
  // One parameter instead of a hundred thousand: those take longer to bind than the rows to write.
  await insertUpgrades(
    writer,
    upgrades.map((upgrade) => upgradeRow({ ...upgrade, actionId })),
  )
  return actionId
}

type UpgradeRow = ReturnType<typeof upgradeRow>

/** What the upgrades of one order may differ in, with the types that it is read as. */
const OWN_TYPES: ReadonlyMap<keyof UpgradeRow, string> = new Map([
  ['endpoint_id', 'text'],
  ['wave', 'integer'],
  ['zone', 'text'],
  ['from_version', 'text'],
  ['target_version', 'text'],
  ['manifest_digest', 'text'],
  ['steps', 'jsonb'],
  ['reason', 'text'],
])

/** What is the same in all of them, which is nearly everything, travels once. */
async function insertUpgrades(writer: Writer, rows: readonly UpgradeRow[]): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  const names = Object.keys(first) as (keyof UpgradeRow)[]
  const differs = (name: keyof UpgradeRow) => rows.some((row) => row[name] !== first[name])
  const own = names.filter((name) => name === 'endpoint_id' || differs(name))
  const columns = own.map((name) => {
    const type = OWN_TYPES.get(name)
    invariant(type !== undefined, `the upgrades of an order are alike in ${name}`)
    return sql`${sql.ref(name)} ${sql.raw(type)}`
  })
  const each = rows.map((row) => Object.fromEntries(own.map((name) => [name, row[name]])))
  const values = names.map((name) => {
    // No window is a JSON null, which would be read as no value at all.
    if (name === 'window') return sql`coalesce(alike."window", 'null'::jsonb)`
    return own.includes(name) ? sql.ref(`own.${name}`) : sql.ref(`alike.${name}`)
  })
  await sql`insert into upgrade (${sql.join(names.map((name) => sql.ref(name)))})
    select ${sql.join(values)}
    from jsonb_populate_record(null::upgrade, ${JSON.stringify(first)}::jsonb) as alike,
      json_to_recordset(${JSON.stringify(each)}::json) as own(${sql.join(columns)})
    `.execute(writer)
}
