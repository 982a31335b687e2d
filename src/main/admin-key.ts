/**
 * The first API key: made at the first start, in `admin-key.json` for whoever may read the server's
 * folder. The file and the database row must agree, whenever the power goes: the key is first put
 * aside in a file of another name, then its row is written, then the file gets its final name with
 * the id that the row was given. Each step looks at what is there, so the next start goes on where
 * this one was ended.
 */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import type { Clock } from '../base/clock.ts'
import { digestOf } from '../base/digest.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import { ADMINISTRATOR } from '../domain/access/role.ts'
import { keptOfApiKey, newApiKey } from '../server/http/authenticate.ts'
import { hasApiKeys, loadApiKeys, saveNewApiKey } from '../store/api-keys.ts'
import { SERVER_PARTY, saveAudit } from '../store/audit.ts'
import { folderFault, isMissing, syncFolder } from '../store/folder.ts'
import type { Database } from '../store/open.ts'
import type { InstanceSecret } from '../store/secret.ts'

export type AdminKey = { readonly id: number; readonly key: string; readonly mode: 'standard' }

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'seal'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const keyText = z.string().regex(/^[A-Za-z0-9]{128}$/)
const adminKeyFile = z.object({ id: z.int().min(1), key: keyText, mode: z.literal('standard') })
const keyAside = z.object({ key: keyText })

/** Null: there are keys, and the file was taken away; that is the operator's right. */
export async function openAdminKey(file: string, needs: Needs): Promise<AdminKey | null> {
  const asideFile = `${file}.new`
  const inPlace = await readAs(adminKeyFile, file)
  const aside = await readAs(keyAside, asideFile)
  if (aside === null && (await hasApiKeys(needs.database.read))) return inPlace
  const key = aside?.key ?? inPlace?.key ?? newApiKey(needs.random)
  if (aside === null) await writeDurably(asideFile, { key })
  const id = await saveAdminKey(key, needs)
  const made: AdminKey = { id, key, mode: 'standard' }
  await writeDurably(file, made)
  await rm(asideFile, { force: true })
  needs.log.info({ file, keyId: id }, 'the administrator has an API key')
  return made
}

async function saveAdminKey(key: string, needs: Needs): Promise<number> {
  const kept = keptOfApiKey(key, 'standard', needs.secret)
  return await needs.database.write(async (tx) => {
    const there = (await loadApiKeys(tx)).find((each) => each.keyDigest === digestOf(key))
    if (there !== undefined) return there.id
    const now = needs.clock.now()
    const about = { name: 'first key', role: ADMINISTRATOR, createdAt: now, expiresAt: null }
    const id = await saveNewApiKey(tx, { mode: 'standard', ...kept, ...about })
    await saveAudit(tx, {
      at: now,
      by: SERVER_PARTY,
      action: 'api-key.generate',
      subject: String(id),
      result: 'success',
      reason: null,
      description: `Generated the first API key with the role ${ADMINISTRATOR}`,
      before: null,
      after: { mode: 'standard', name: about.name, role: ADMINISTRATOR },
    })
    return id
  })
}

/** Null when there is no such file. One that holds something else is not overwritten. */
async function readAs<Schema extends z.ZodType>(
  schema: Schema,
  file: string,
): Promise<z.output<Schema> | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    if (isMissing(cause)) return null
    const doing = `reading ${file}; move it away to have a new key made when there is none`
    throw folderFault({ code: 'admin-key-unreadable', doing, cause })
  }
}

async function writeDurably(file: string, value: unknown): Promise<void> {
  const passing = `${file}.part`
  try {
    await rm(passing, { force: true })
    const handle = await open(passing, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(value)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(passing, file)
    await syncFolder(dirname(file))
  } catch (cause) {
    throw folderFault({ code: 'admin-key-not-written', doing: `writing ${file}`, cause })
  }
}
