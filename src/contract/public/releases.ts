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
import { NOTES_CHARACTERS_MAX, REASON_CHARACTERS_MAX } from './limits.ts'
import { columnNames, listFilters, searchPage } from './list.ts'

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

const platformName = z.enum(['windows', 'linux', 'macos', 'android'])
const archName = z.enum(['x64', 'arm64'])
const libcName = z.enum(['glibc', 'musl', 'none'])

/** Dotted numbers, as versions of systems and kernels begin: `12`, `22.04`, `5.10.0`. */
const floorText = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9}){0,3}$/, 'one to four numbers joined by dots, such as 5.10')

/** What an endpoint must have at least to be upgraded to a release; absent: anything will do. */
export const releaseFloors = z.strictObject({
  os_version: floorText.nullish(),
  kernel: floorText.nullish(),
  /** To upgrade from. */
  agent_version: versionText.nullish(),
})

export const publishRelease = z.strictObject({
  version: versionText,
  platform: platformName,
  arch: archName,
  libc: libcName,
  notes: z.string().max(NOTES_CHARACTERS_MAX).nullish(),
  launcher: sha256Hex,
  files: z.array(fileRef).min(1).max(MANIFEST_FILES_MAX),
  payload: manifestPayload.nullish(),
  /** Of a release that is there already they take the place of those it has. */
  floors: releaseFloors.nullish(),
})
export type PublishReleaseRequest = z.infer<typeof publishRelease>
export const publishReleaseReply = z.object({
  manifest_digest: sha256Hex,
  version: z.string(),
  /** False: the very same release was there before. */
  is_new: z.boolean(),
})

export const listReleases = z.strictObject({
  /** As a filter of that field. */
  platform: platformName.nullish(),
  filters: listFilters,
  /** Neither of them: the whole catalogue. */
  ...searchPage,
  fields: columnNames,
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
  withdrawn_by: z.string().nullable(),
  withdrawn_reason: z.string().nullable(),
  floors: z.object({
    os_version: z.string().nullable(),
    kernel: z.string().nullable(),
    agent_version: z.string().nullable(),
  }),
  /** What it is made of, for clients that publish the same agent with another payload. */
  launcher: sha256Hex,
  /** Replies may grow: what a client does not know here, it drops. */
  files: z.array(fileRef.strip()),
  payload: manifestPayload.strip().nullable(),
})
export type ReleaseObject = z.infer<typeof releaseObject>
/** What is answered to whoever names no columns. */
export const wholeReleasesReply = z.object({
  releases: z.array(releaseObject),
  filter_count: z.int(),
  total_count: z.int(),
})
export const listReleasesReply = wholeReleasesReply.extend({
  /** Only the columns that were asked for, where `fields` names some. */
  releases: z.array(releaseObject.partial()),
})

/** One release by its manifest, or a version for all targets, or for those that are named. */
export const withdrawRelease = z
  .strictObject({
    manifest_digest: sha256Hex.nullish(),
    version: versionText.nullish(),
    platform: platformName.nullish(),
    arch: archName.nullish(),
    libc: libcName.nullish(),
    /** For people. */
    reason: z.string().max(REASON_CHARACTERS_MAX).nullish(),
  })
  .refine((asked) => asked.manifest_digest != null || (asked.version != null && asked.platform), {
    message: 'manifest_digest, or version and platform: which release is meant',
  })
export type WithdrawReleaseRequest = z.infer<typeof withdrawRelease>
export const withdrawReleaseReply = z.object({
  releases: z.array(
    releaseObject.pick({
      manifest_digest: true,
      version: true,
      platform: true,
      arch: true,
      libc: true,
      withdrawn_at: true,
      withdrawn_by: true,
      withdrawn_reason: true,
    }),
  ),
  /** Upgrade actions that were on the way to them and move no more endpoints. */
  halted: z.array(z.object({ group_action_id: z.int() })).optional(),
  /** Endpoints that run one of them. */
  running_count: z.int().optional(),
  /** `endpoints/upgrade/revert` of these takes so many back; the newest hundred. */
  ways_back: z.array(z.object({ group_action_id: z.int(), endpoints_count: z.int() })).optional(),
})

/** Uploaded before: `PUT releases/artifacts/<sha256>`. */
const EXAMPLE_ARTIFACT = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

export const missingArtifactsCall = publicCall({
  path: 'releases/missing_artifacts',
  summary: 'Tells which artifacts the server does not have, so that only those are sent.',
  origin: 'ours',
  request: missingArtifacts,
  reply: missingArtifactsReply,
  isRepeatable: true,
  examples: [
    {
      name: 'one that is not there',
      request: { digests: ['0'.repeat(64)] },
      reply: { missing: ['0'.repeat(64)] },
    },
  ],
})
export const publishReleaseCall = publicCall({
  path: 'releases/publish',
  summary:
    'Makes a version of artifacts that were uploaded. Publishing the very same again changes ' +
    'nothing but its floors, where it names some.',
  origin: 'ours',
  request: publishRelease,
  reply: publishReleaseReply,
  isRepeatable: true,
  examples: [
    {
      name: 'an agent that runs on Linux 5.10 or later',
      request: {
        version: '9.0.0.1',
        platform: 'linux',
        arch: 'x64',
        libc: 'glibc',
        notes: 'Starts faster.',
        launcher: EXAMPLE_ARTIFACT,
        files: [{ path: 'agent.mjs', digest: EXAMPLE_ARTIFACT, executable: false }],
        floors: { kernel: '5.10' },
      },
      reply: {
        manifest_digest: '4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce',
        version: '9.0.0.1',
        is_new: true,
      },
    },
  ],
})
export const listReleasesCall = publicCall({
  path: 'releases/list',
  summary: 'The catalogue, oldest version first, withdrawn ones included.',
  origin: 'ours',
  request: listReleases,
  reply: listReleasesReply,
  isRepeatable: true,
  examples: [
    { name: 'everything', request: {} },
    {
      name: 'what is offered for Linux, without the lists of files',
      request: {
        platform: 'linux',
        filters: [{ field: 'withdrawn', operator: 'eq', value: 'false' }],
        fields: ['version', 'arch', 'libc', 'floors', 'notes'],
      },
      reply: {
        releases: [
          {
            version: '8.6.0.5678',
            arch: 'x64',
            libc: 'glibc',
            floors: { os_version: null, kernel: '5.10', agent_version: null },
            notes: null,
          },
        ],
        filter_count: 1,
        total_count: 3,
      },
    },
  ],
})
export const withdrawReleaseCall = publicCall({
  path: 'releases/withdraw',
  summary:
    'Takes a release back: no new distribution and no upgrade uses it. What runs it goes on. ' +
    'Doing it again changes nothing.',
  origin: 'ours',
  request: withdrawRelease,
  reply: withdrawReleaseReply,
  isRepeatable: true,
  examples: [
    {
      name: 'a version of one platform',
      request: { version: '8.6.0.1', platform: 'linux', reason: 'it leaks memory' },
      reply: {
        releases: [
          {
            manifest_digest: '4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce',
            version: '8.6.0.1',
            platform: 'linux',
            arch: 'x64',
            libc: 'glibc',
            withdrawn_at: 1_764_547_200_000,
            withdrawn_by: 'api-key:1',
            withdrawn_reason: 'it leaks memory',
          },
        ],
      },
    },
  ],
})
