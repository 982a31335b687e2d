/** Who sends: one who may do everything, one who may look, and those who may not come in. */
import { Client } from 'pg'
import { clientSettings } from '../../src/store/connection.ts'
import { eventually } from '../acceptance/processes.ts'
import { openSender } from './send.ts'
import type { FuzzServer } from './server.ts'

export type Credentials = Readonly<Record<string, string>>

export type Actors = {
  readonly administrator: Credentials
  readonly viewer: Credentials
  readonly uninvited: Readonly<Record<string, Credentials>>
}

export async function actorsOf(server: FuzzServer): Promise<Actors> {
  // Hostile numbers are small ones: the key of this run must not be the first.
  const spare = await newKey(server, 'Instance Administrator', 'standard')
  const administrator = await newKey(server, 'Instance Administrator', 'standard')
  const viewer = await newKey(server, 'Viewer', 'standard')
  const expired = await newKey(server, 'Instance Administrator', 'standard')
  const advanced = await newKey(server, 'Instance Administrator', 'advanced')
  await runStatement(server, 'update api_key set expires_at = 1 where id = $1', [expired.id])
  for (const { url } of [server.plain, server.secure]) {
    await eventually('a key that has expired', () => isRefused(url, headersOf(expired)))
  }
  return {
    administrator: headersOf(administrator),
    viewer: headersOf(viewer),
    uninvited: {
      nobody: {},
      expired: headersOf(expired),
      'with another key': headersOf({ ...spare, key: `${spare.key.slice(0, -1)}_` }),
      'with an unknown id': headersOf({ ...spare, id: 987_654 }),
      'with the key of another id': headersOf({ ...spare, id: viewer.id }),
      'with an advanced key as it is': headersOf(advanced),
      'with an old signature': {
        ...headersOf({ ...advanced, key: 'a'.repeat(64) }),
        'x-xdr-nonce': 'n'.repeat(64),
        'x-xdr-timestamp': '1577836800000',
      },
    },
  }
}

type Key = { readonly id: number; readonly key: string }

/** Servers read the keys anew every few seconds. */
async function isRefused(url: string, credentials: Credentials): Promise<true | null> {
  const sender = openSender(url, 1)
  const [method, path, body] = ['GET', '/public_api/v1/healthcheck', new Uint8Array()] as const
  const request = { method, path, headers: credentials, body, operation: null }
  const answer = await sender.send(request, AbortSignal.timeout(10_000))
  sender.close()
  return answer?.status === 401 ? true : null
}

async function newKey(server: FuzzServer, role: string, level: string): Promise<Key> {
  const asked = { roles: [role], security_level: level }
  const { status, body } = await server.call('api_keys/generate', asked)
  if (status !== 200) throw new Error(`no key for ${role}: ${JSON.stringify(body)}`)
  return { id: Number(body.reply.id), key: String(body.reply.key) }
}

function headersOf({ id, key }: Key): Credentials {
  return { authorization: key, 'x-xdr-auth-id': String(id) }
}

async function runStatement(
  server: FuzzServer,
  statement: string,
  values: readonly unknown[],
): Promise<void> {
  const client = new Client(clientSettings(server.connection))
  await client.connect()
  try {
    await client.query(statement, [...values])
  } finally {
    await client.end()
  }
}
