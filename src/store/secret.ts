/**
 * The instance secret: 32 random bytes in a file that only the server's user can read, made at the
 * first start and never changed. Everything secret that lies in the database is sealed with a key
 * derived from it, so a copy of the database alone gives nothing away; and a database without its
 * secret cannot be used either, which is why a backup holds both.
 *
 * Sealed: one byte for the form, a 12-byte nonce, the ciphertext, a 16-byte tag (AES-256-GCM, NIST
 * SP 800-38D). Nonces are random: one key may seal 2^32 values before two of them are likely enough
 * to matter. The context is authenticated with it, so a value that was moved to another row does
 * not open there.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { concatBytes, utf8 } from '../base/bytes.ts'
import { Fault } from '../base/fault.ts'
import { newId, type RunId } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import { folderFault, isMissing, syncFolder } from './folder.ts'

export const SECRET_FILE = 'instance-secret'
export const SECRET_BYTES = 32

const FORM = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'

export type KeyPurpose = 'url-signing' | 'sealing' | 'instance-id' | 'audit-sealing'

export type InstanceSecret = {
  /** A key of its own for each purpose; the same one for as long as the secret lives. */
  keyFor(purpose: KeyPurpose): KeyObject
  /** `context` says what and whose it is: `signing-key:3f2a...`. It is not stored. */
  seal(bytes: Uint8Array, context: string): Uint8Array
  /** A value that this secret did not seal in this context is a Fault `sealed-value-damaged`. */
  open(sealed: Uint8Array, context: string): Uint8Array
}

/** Reads the secret, or makes it. Two that start at once agree on one. */
export async function openInstanceSecret(file: string, random: Random): Promise<InstanceSecret> {
  try {
    return instanceSecret((await readIfPresent(file)) ?? (await createSecret(file, random)), random)
  } catch (cause) {
    const doing = `reading the instance secret ${file}`
    throw folderFault({ code: 'instance-secret-unreadable', doing, cause })
  }
}

/** The secret in its bytes. */
export function instanceSecret(secret: Uint8Array, random: Random): InstanceSecret {
  if (secret.length !== SECRET_BYTES) {
    const doing = `reading the instance secret: ${secret.length} bytes and not ${SECRET_BYTES}`
    throw new Fault({ code: 'instance-secret-damaged', doing, retry: 'never' })
  }
  const keys = {
    'url-signing': derive(secret, 'url-signing'),
    sealing: derive(secret, 'sealing'),
    'instance-id': derive(secret, 'instance-id'),
    'audit-sealing': derive(secret, 'audit-sealing'),
  }
  return {
    keyFor: (purpose) => keys[purpose],
    seal: (bytes, context) => seal({ bytes, context, key: keys.sealing, random }),
    open: (sealed, context) => unseal({ sealed, context, key: keys.sealing }),
  }
}

function derive(secret: Uint8Array, purpose: KeyPurpose): KeyObject {
  const none = new Uint8Array()
  return createSecretKey(
    new Uint8Array(hkdfSync('sha256', secret, none, `drydock ${purpose} v1`, SECRET_BYTES)),
  )
}

function seal(work: {
  readonly bytes: Uint8Array
  readonly context: string
  readonly key: KeyObject
  readonly random: Random
}): Uint8Array {
  const nonce = work.random.bytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, work.key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(utf8(work.context))
  const ciphertext = concatBytes([cipher.update(work.bytes), cipher.final()])
  return concatBytes([new Uint8Array([FORM]), nonce, ciphertext, cipher.getAuthTag()])
}

function unseal(work: {
  readonly sealed: Uint8Array
  readonly context: string
  readonly key: KeyObject
}): Uint8Array {
  const { sealed, context } = work
  try {
    const end = sealed.length - TAG_BYTES
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
    const decipher = createDecipheriv(CIPHER, work.key, nonce, { authTagLength: TAG_BYTES })
    if (sealed[0] !== FORM) throw new Error(`form ${sealed[0]} is unknown`)
    decipher.setAAD(utf8(context))
    decipher.setAuthTag(sealed.subarray(end))
    const opened = decipher.update(sealed.subarray(1 + NONCE_BYTES, end))
    return concatBytes([opened, decipher.final()])
  } catch (cause) {
    throw new Fault({
      code: 'sealed-value-damaged',
      doing: `opening the sealed ${context}: changed, or sealed with another instance secret`,
      retry: 'never',
      cause,
    })
  }
}

async function readIfPresent(file: string): Promise<Uint8Array | null> {
  try {
    return await readFile(file)
  } catch (cause) {
    if (isMissing(cause)) return null
    throw cause
  }
}

async function createSecret(file: string, random: Random): Promise<Uint8Array> {
  await writeSecret(file, random.bytes(SECRET_BYTES), random)
  return readFile(file)
}

/** Gives a whole and flushed file its name, unless there is one of that name already. */
async function writeSecret(file: string, secret: Uint8Array, random: Random): Promise<void> {
  const passing = `${file}.${newId<RunId>(random)}`
  try {
    await using handle = await open(passing, 'wx', 0o600)
    await handle.writeFile(secret)
    await handle.sync()
    await link(passing, file)
  } catch (cause) {
    const isMadeByAnother = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (!isMadeByAnother) throw cause
  } finally {
    await rm(passing, { force: true })
  }
  await syncFolder(dirname(file))
}
