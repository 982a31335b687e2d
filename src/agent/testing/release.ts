/**
 * Releases for tests: a manifest over real files, signed by a key of the test, and its artifacts by
 * gzip digest.
 */
import { gzipSync } from 'node:zlib'
import { utf8 } from '../../base/bytes.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import { systemRandom } from '../../base/random.ts'
import {
  MANIFEST_PAYLOAD_TYPE,
  type Manifest,
  type ManifestFile,
  type ManifestPayload,
  manifest as manifestSchema,
} from '../../contract/manifest.ts'
import { newSigningKey, type SigningKey } from '../../trust/keys.ts'
import { signEnvelope } from '../../trust/sign.ts'
import { machineArch, machineLibc } from '../facts/linux.ts'

export const releaseKey = newSigningKey(systemRandom)
export const trustedKeys = [{ key_id: releaseKey.keyId, public_key: releaseKey.publicKey }]

export type ReleaseFile = {
  readonly path: string
  readonly bytes: Uint8Array
  readonly executable: boolean
}

export type Release = {
  readonly version: string
  readonly digest: Digest
  readonly envelope: Uint8Array
  readonly manifest: Manifest
  readonly files: readonly ReleaseFile[]
  readonly artifacts: ReadonlyMap<string, Uint8Array>
}

export type ReleaseOrder = {
  readonly version: string
  readonly agent: Uint8Array
  readonly payload?: Partial<ManifestPayload> & Pick<ManifestPayload, 'run'>
  readonly payloadFiles?: Readonly<Record<string, string | Uint8Array>>
  readonly change?: (manifest: Manifest) => unknown
  readonly key?: SigningKey
}

export function makeRelease(order: ReleaseOrder): Release {
  const extra = Object.entries(order.payloadFiles ?? {}).map(([path, content]) => ({
    path: `payload/${path}`,
    bytes: typeof content === 'string' ? utf8(content) : content,
    executable: true,
  }))
  const files = [{ path: 'agent.mjs', bytes: order.agent, executable: false }, ...extra]
  const artifacts = new Map<string, Uint8Array>()
  const listed = files.map(({ path, bytes, executable }): ManifestFile => {
    const packed = gzipSync(bytes)
    artifacts.set(digestOf(packed), packed)
    return { path, executable, ...refOf(bytes, packed) }
  })
  const manifest: Manifest = manifestSchema.parse({
    schema: 1,
    version: order.version,
    platform: 'linux',
    arch: machineArch(),
    libc: machineLibc(),
    launcher: refOf(utf8('launcher'), gzipSync('launcher')),
    launcher_protocol: 1,
    files: listed,
    payload: order.payload === undefined ? null : { ...PAYLOAD, ...order.payload },
  })
  const payload = utf8(JSON.stringify(order.change?.(manifest) ?? manifest))
  const envelope = signEnvelope(MANIFEST_PAYLOAD_TYPE, payload, [order.key ?? releaseKey])
  return { version: order.version, digest: digestOf(payload), envelope, manifest, files, artifacts }
}

const PAYLOAD = { health: null, health_interval_s: 1, health_timeout_s: 5, stop_timeout_s: 2 }

function refOf(bytes: Uint8Array, packed: Uint8Array) {
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    gzip_digest: digestOf(packed),
    gzip_size: packed.length,
  }
}
