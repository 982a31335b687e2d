/**
 * The release manifest: what one version of the agent is made of, signed by the server's release
 * key. The payload bytes travel as they were signed (base64 in an envelope), so nobody ever
 * re-serialises what a signature covers; the manifest digest is the SHA-256 of exactly those bytes.
 * Field order and file order are fixed by the signer and no time is in it: the same files give the
 * same digest.
 */
import * as z from 'zod'
import { byteCount, sha256Hex, versionText } from './schema.ts'

export const MANIFEST_SCHEMA = 1
export const MANIFEST_PAYLOAD_TYPE = 'application/vnd.drydock.manifest.v1+json'
/** The launcher's contract with the agent it starts (docs/protocol/launcher.md). */
export const LAUNCHER_PROTOCOL = 1

export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024
export const MANIFEST_FILES_MAX = 10_000

/**
 * A path inside a version directory: forward slashes, relative, no `.` or `..` segment, no empty
 * segment, no backslash or colon or control character (so that it means the same on every
 * platform).
 */
export const relativePath = z
  .string()
  .min(1)
  .max(200)
  .regex(
    /^(?!\.{1,2}(?:\/|$))[^/\\:\p{Cc}]+(?:\/(?!\.{1,2}(?:\/|$))[^/\\:\p{Cc}]+)*$/u,
    'a relative path with forward slashes that stays inside its folder',
  )

const artifactRef = z.strictObject({
  digest: sha256Hex,
  size: byteCount,
  /** The one gzip member the artifact is stored and sent as. */
  gzip_digest: sha256Hex,
  gzip_size: byteCount,
})

export const manifestFile = artifactRef.extend({
  path: relativePath,
  executable: z.boolean(),
})
export type ManifestFile = z.infer<typeof manifestFile>

/** The operator's program: paths are relative to `payload/` in the version directory. */
export const manifestPayload = z.strictObject({
  /** Program and arguments; the program is an executable file of the payload. */
  run: z.array(z.string().min(1).max(1000)).min(1).max(100),
  /** Exit code 0 within `health_timeout_s` says healthy; null: running is healthy enough. */
  health: z.array(z.string().min(1).max(1000)).min(1).max(100).nullable(),
  health_interval_s: z.int().min(1).max(3600),
  health_timeout_s: z.int().min(1).max(300),
  /** How long the program may take to stop after SIGTERM before it is killed. */
  stop_timeout_s: z.int().min(0).max(300),
})
export type ManifestPayload = z.infer<typeof manifestPayload>

export const manifest = z.strictObject({
  schema: z.literal(MANIFEST_SCHEMA),
  version: versionText,
  platform: z.enum(['windows', 'linux', 'macos', 'android']),
  arch: z.enum(['x64', 'arm64']),
  libc: z.enum(['glibc', 'musl', 'none']),
  /**
   * The launcher that packages of this release carry; agents in the field keep the one they have.
   * For Android: the app, which is the only one of `files`, too.
   */
  launcher: artifactRef,
  /** The least launcher protocol this version's agent can be started by. */
  launcher_protocol: z.int().min(1).max(1000),
  /** Everything in the version directory, sorted by path: `agent.mjs`, then `payload/...`. */
  files: z.array(manifestFile).min(1).max(MANIFEST_FILES_MAX),
  payload: manifestPayload.nullable(),
})
export type Manifest = z.infer<typeof manifest>

/** The file every version directory starts from. */
export const AGENT_ENTRY = 'agent.mjs'
/** On Android there is none: the app, without enrolment and signature, is all of a release. */
export const ANDROID_ENTRY = 'agent.apk'

export function entryFor(platform: Manifest['platform']): string {
  return platform === 'android' ? ANDROID_ENTRY : AGENT_ENTRY
}
export const PAYLOAD_FOLDER = 'payload'

export const manifestEnvelope = z.strictObject({
  payload_type: z.literal(MANIFEST_PAYLOAD_TYPE),
  /** Base64 of the manifest's bytes. */
  payload: z.base64().max(Math.ceil(MANIFEST_BYTES_MAX / 3) * 4),
  signatures: z
    .array(z.strictObject({ key_id: sha256Hex, signature: z.base64().max(128) }))
    .min(1)
    .max(16),
})
export type ManifestEnvelope = z.infer<typeof manifestEnvelope>
