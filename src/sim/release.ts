/** A version as a server publishes it: its manifest signed, its files compressed. */
import { gzipSync } from 'node:zlib'
import { utf8 } from '../base/bytes.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import type { Target } from '../base/platform.ts'
import {
  LAUNCHER_PROTOCOL,
  MANIFEST_PAYLOAD_TYPE,
  type Manifest,
  type ManifestFile,
  manifest as manifestSchema,
} from '../contract/manifest.ts'
import type { SigningKey } from '../trust/keys.ts'
import { signEnvelope } from '../trust/sign.ts'
import type { SimVersion } from './bad-versions.ts'

export const SIM_TARGET: Target = { platform: 'linux', arch: 'x64', libc: 'glibc' }

export type SimRelease = {
  readonly of: SimVersion
  readonly digest: Digest
  readonly envelope: Uint8Array
  /** By their gzip digest; of a damaged version other bytes than that. */
  readonly artifacts: ReadonlyMap<string, Uint8Array>
}

export function sealRelease(version: SimVersion, key: SigningKey): SimRelease {
  const artifacts = new Map<string, Uint8Array>()
  const files = version.files.map(({ path, bytes, executable }): ManifestFile => {
    const packed = gzipSync(bytes)
    const served = version.kind === 'damaged' ? packed.map((byte) => byte ^ 0xff) : packed
    artifacts.set(digestOf(packed), served)
    return { path, executable, ...refOf(bytes, packed) }
  })
  const manifest: Manifest = manifestSchema.parse({
    schema: 1,
    version: version.version,
    ...SIM_TARGET,
    launcher: refOf(utf8('launcher'), gzipSync('launcher')),
    launcher_protocol: LAUNCHER_PROTOCOL,
    files,
    payload: version.payload,
  })
  const payload = utf8(JSON.stringify(manifest))
  const envelope = signEnvelope(MANIFEST_PAYLOAD_TYPE, payload, [key])
  return { of: version, digest: digestOf(payload), envelope, artifacts }
}

function refOf(bytes: Uint8Array, packed: Uint8Array) {
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    gzip_digest: digestOf(packed),
    gzip_size: packed.length,
  }
}
