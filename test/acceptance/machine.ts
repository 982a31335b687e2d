/**
 * A machine of one's own below a folder: the package is installed there by the real dpkg, and the
 * agent runs.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '../../src/client/client.ts'
import { eventually, type Running, run, start } from './processes.ts'

/** Installs a deb below a folder, as `dpkg -i` does on a machine; no service is touched there. */
export async function installDeb(root: string, deb: string): Promise<void> {
  await prepareDpkg(root)
  await dpkg(root, '--install', deb)
}

export async function removeDeb(root: string, how: '--remove' | '--purge'): Promise<void> {
  await dpkg(root, how, 'drydock-agent')
}

async function prepareDpkg(root: string): Promise<void> {
  const admin = join(root, 'var/lib/dpkg')
  for (const folder of ['info', 'updates', 'triggers']) {
    await mkdir(join(admin, folder), { recursive: true })
  }
  for (const file of ['status', 'available']) {
    if (!existsSync(join(admin, file))) await writeFile(join(admin, file), '')
  }
}

async function dpkg(root: string, ...words: readonly string[]): Promise<void> {
  const force = ['--force-script-chrootless', '--force-depends', '--force-not-root']
  await run(['dpkg', `--root=${root}`, ...force, ...words], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  })
}

/** The real launcher with the real agent. */
export function startAgent(root: string): Running {
  return start([launcherOf(root), 'run', '--root', root])
}

export function launcherOf(root: string): string {
  return join(root, 'opt/drydock-agent/drydock-agent')
}

/** The id under which the machine enrolled. */
export async function enrolledId(root: string): Promise<string> {
  const file = join(root, 'var/lib/drydock-agent/identity.json')
  return await eventually('an enrolled agent', async () => {
    if (!existsSync(file)) return null
    const { endpoint_id } = JSON.parse(await readFile(file, 'utf8')) as { endpoint_id: string }
    return endpoint_id
  })
}

/** The endpoint as the API tells it. */
export async function endpointOf(client: Client, id: string) {
  const filters = [{ field: 'endpoint_id_list', operator: 'in', value: [id] }]
  const { endpoints } = await client.endpoints.getEndpoint({ filters })
  return endpoints[0] ?? null
}

/** Waits until the endpoint says that it runs this version. */
export async function runsVersion(client: Client, id: string, version: string): Promise<void> {
  await eventually(`version ${version} on ${id}`, async () => {
    const endpoint = await endpointOf(client, id)
    return endpoint?.endpoint_version === version ? true : null
  })
}

export type Outcome = {
  readonly status: string
  readonly state: string
  readonly reason: string | null
  readonly message: string | null
}

/** How an action stands on one endpoint. */
export async function outcomeOf(client: Client, actionId: number, id: string): Promise<Outcome> {
  const { data, details } = await client.actions.getActionStatus(actionId)
  const detail = details[id]
  const status = data[id]
  if (detail === undefined || status === undefined) throw new Error('not in this action')
  const { state, reason, message } = detail
  return { status, state, reason, message }
}

const OPEN = new Set(['PENDING', 'IN_PROGRESS'])

/** Waits until the action has ended on the endpoint. */
export async function endOf(client: Client, actionId: number, id: string): Promise<Outcome> {
  return await eventually(`the end of action ${actionId}`, async () => {
    const outcome = await outcomeOf(client, actionId, id)
    return OPEN.has(outcome.status) ? null : outcome
  })
}

export async function upgrade(client: Client, id: string, version: string): Promise<number> {
  const order = { endpoint_ids: [id], target_versions: { linux: version } }
  const { group_action_id } = await client.endpoints.upgrade(order)
  return group_action_id
}
