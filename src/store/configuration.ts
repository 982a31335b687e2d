/** The settings of the instance: one row for each that somebody has set. */
import {
  type Configuration,
  DEFAULT_CONFIGURATION,
  type SettingName,
} from '../domain/configuration/configuration.ts'
import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'

const PREFIX = 'configuration.'
const NAMES = Object.keys(DEFAULT_CONFIGURATION).map((name) => `${PREFIX}${name}`)

/** Effective values: what a version added since is there with its default. */
export async function loadConfiguration(reader: Reader): Promise<Configuration> {
  const rows = await reader.selectFrom('setting').selectAll().where('name', 'in', NAMES).execute()
  const stored = new Map(rows.map((row) => [row.name, row.value]))
  const settings = Object.entries(DEFAULT_CONFIGURATION).map(([name, value]) => {
    return [name, completed(value, stored.get(`${PREFIX}${name}`) as object | undefined)]
  })
  return Object.fromEntries(settings) as Configuration // Written by saveSetting only.
}

/** A setting may have a part with fields of its own, such as a policy. */
function completed(defaults: object, stored: object | undefined): object {
  const parts = Object.entries({ ...defaults, ...stored }).map(([field, value]) => {
    const byDefault: unknown = defaults[field as keyof typeof defaults] // Maybe of another shape.
    return [field, isPart(byDefault) && isPart(value) ? { ...byDefault, ...value } : value]
  })
  return Object.fromEntries(parts)
}

function isPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Like `loadConfiguration`, and nobody else changes it until this transaction ends. */
export async function lockConfiguration(writer: Writer): Promise<Configuration> {
  await holdName(writer, 'configuration')
  return await loadConfiguration(writer)
}

export async function saveSetting<Name extends SettingName>(
  writer: Writer,
  name: Name,
  setting: Configuration[Name],
): Promise<void> {
  await saveValue(writer, `${PREFIX}${name}`, setting)
}

const CLEANUP_RAN = 'duplicate-cleanup-ran'

/** When duplicates were last looked for; null: never. */
export async function loadCleanupRun(reader: Reader): Promise<number | null> {
  const row = await reader
    .selectFrom('setting')
    .select('value')
    .where('name', '=', CLEANUP_RAN)
    .executeTakeFirst()
  return row === undefined ? null : Number(row.value)
}

export async function saveCleanupRun(writer: Writer, at: number): Promise<void> {
  await saveValue(writer, CLEANUP_RAN, at)
}

async function saveValue(writer: Writer, name: string, setting: unknown): Promise<void> {
  const value = JSON.stringify(setting)
  await writer
    .insertInto('setting')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
}
