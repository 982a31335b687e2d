/** `releases/*`: ours, beside the documented calls; how a version comes into the catalogue. */
import * as z from 'zod'
import {
  MANIFEST_BYTES_MAX,
  MANIFEST_FILES_MAX,
  manifestPayload,
  relativePath,
} from '../manifest.ts'
import { byteCount, sha256Hex, versionText } from '../schema.ts'
import { publicCall } from './call.ts'

/** Which of these artifacts the server does not have yet. */
export const missingArtifacts = z.strictObject({
  digests: z.array(sha256Hex).min(1).max(MANIFEST_FILES_MAX),
})
export const missingArtifactsReply = z.object({ missing: z.array(sha256Hex) })

/** The answer to `PUT releases/artifacts/<sha256>`, whose body is the artifact itself. */
export const artifactReply = z.object({
  digest: sha256Hex,
  size: byteCount,
  gzip_size: byteCount,
})

const fileRef = z.strictObject({ path: relativePath, digest: sha256Hex, executable: z.boolean() })

/**
 * Of the body of `releases/publish`. A manifest says more of each file than its order does, so an
 * order for the largest manifest is smaller than that; twice, because some clients write `\u00e9`
 * for what takes two bytes in the manifest.
 */
export const PUBLISH_BYTES_MAX = 2 * MANIFEST_BYTES_MAX

export const publishRelease = z.strictObject({
  version: versionText,
  platform: z.enum(['windows', 'linux', 'macos', 'android']),
  arch: z.enum(['x64', 'arm64']),
  libc: z.enum(['glibc', 'musl', 'none']),
  notes: z.string().max(10_000).nullish(),
  launcher: sha256Hex,
  files: z.array(fileRef).min(1).max(MANIFEST_FILES_MAX),
  payload: manifestPayload.nullish(),
})
export type PublishReleaseRequest = z.infer<typeof publishRelease>
export const publishReleaseReply = z.object({
  manifest_digest: sha256Hex,
  version: z.string(),
  /** False: the very same release was there before. */
  is_new: z.boolean(),
})

export const listReleases = z.strictObject({
  platform: z.enum(['windows', 'linux', 'macos', 'android']).nullish(),
})
export const releaseObject = z.object({
  manifest_digest: sha256Hex,
  version: z.string(),
  platform: z.string(),
  arch: z.string(),
  libc: z.string(),
  notes: z.string().nullable(),
  published_at: z.int(),
  published_by: z.string(),
  withdrawn_at: z.int().nullable(),
  /** What it is made of, for clients that publish the same agent with another payload. */
  launcher: sha256Hex,
  /** Replies may grow: what a client does not know here, it drops. */
  files: z.array(fileRef.strip()),
  payload: manifestPayload.strip().nullable(),
})
export type ReleaseObject = z.infer<typeof releaseObject>
export const listReleasesReply = z.object({ releases: z.array(releaseObject) })

export const missingArtifactsCall = publicCall({
  path: 'releases/missing_artifacts',
  summary: 'Tells which artifacts the server does not have, so that only those are sent.',
  origin: 'ours',
  request: missingArtifacts,
  reply: missingArtifactsReply,
  isRepeatable: true,
})
export const publishReleaseCall = publicCall({
  path: 'releases/publish',
  summary:
    'Makes a version of artifacts that were uploaded. Publishing the very same again changes ' +
    'nothing.',
  origin: 'ours',
  request: publishRelease,
  reply: publishReleaseReply,
  isRepeatable: true,
})
export const listReleasesCall = publicCall({
  path: 'releases/list',
  summary: 'The catalogue, oldest version first, withdrawn ones included.',
  origin: 'ours',
  request: listReleases,
  reply: listReleasesReply,
  isRepeatable: true,
})
