/**
 * The public API as a typed object, one method for each call. Replies are parsed with the
 * contract's schemas, so a reply that is not what it should be is a Fault here and no surprise
 * later; fields that this client does not know are dropped. A "no" of the server is an `ApiError`.
 */
import type * as z from 'zod'
import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import type { Random } from '../base/random.ts'
import * as keys from '../contract/public/api-keys.ts'
import * as distributions from '../contract/public/distributions.ts'
import * as endpoints from '../contract/public/endpoints.ts'
import * as releases from '../contract/public/releases.ts'
import type { ApiKey } from './api-key.ts'
import { type DownloadOrder, download } from './download.ts'
import {
  apiUrl,
  type Call,
  call,
  type Fetch,
  parseReply,
  sendRepeatedly,
  type TransportNeeds,
} from './transport.ts'

export type ClientOptions = {
  /** The server's address, without `/public_api`. */
  readonly baseUrl: string
  readonly key: ApiKey
  /** The built-in one when absent. */
  readonly fetch?: Fetch
  /** How long one call, or a pause in a transfer, may take. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly random: Random
}

export type Artifact = {
  readonly digest: Digest
  /** Opens the bytes from their beginning; called once more when the upload is tried again. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** How many bytes of this try have gone out. */
  readonly onProgress?: (bytes: number) => void
}

export type Client = ReturnType<typeof createClient>

/** Optional fields may be left out; the server reads null and absent alike. */
type Request<Schema extends z.ZodType> = z.input<Schema>

export function createClient(options: ClientOptions) {
  const needs: TransportNeeds = { ...options, fetch: options.fetch ?? globalThis.fetch }
  return {
    distributions: distributionCalls(needs),
    releases: releaseCalls(needs),
    endpoints: endpointCalls(needs),
    actions: actionCalls(needs),
    apiKeys: apiKeyCalls(needs),
    /** Everything from `offset` on; whoever takes the bytes checks their digest. */
    download: (order: DownloadOrder) => download(needs, order),
  }
}

/** A call that changes nothing, or the same thing however often it is made. */
function repeatable<Reply extends z.ZodType>(
  needs: TransportNeeds,
  order: Omit<Call<Reply>, 'isRepeatable'>,
): Promise<z.infer<Reply>> {
  return call(needs, { ...order, isRepeatable: true })
}

function once<Reply extends z.ZodType>(
  needs: TransportNeeds,
  order: Omit<Call<Reply>, 'isRepeatable'>,
): Promise<z.infer<Reply>> {
  return call(needs, { ...order, isRepeatable: false })
}

function distributionCalls(needs: TransportNeeds) {
  return {
    create: (data: Request<typeof distributions.createDistribution>) =>
      once(needs, {
        path: 'distributions/create',
        data,
        reply: distributions.createDistributionReply,
      }),
    getStatus: (id: string) =>
      repeatable(needs, {
        path: 'distributions/get_status',
        data: { distribution_id: id },
        reply: distributions.distributionStatusReply,
      }),
    getDistUrl: (data: Request<typeof distributions.getDistributionUrl>) =>
      repeatable(needs, {
        path: 'distributions/get_dist_url',
        data,
        reply: distributions.distributionUrlReply,
      }),
    getVersions: () =>
      repeatable(needs, {
        path: 'distributions/get_versions',
        data: {},
        reply: distributions.versionsReply,
      }),
  }
}

function releaseCalls(needs: TransportNeeds) {
  return {
    missingArtifacts: (digests: readonly string[]) =>
      repeatable(needs, {
        path: 'releases/missing_artifacts',
        data: { digests },
        reply: releases.missingArtifactsReply,
      }),
    uploadArtifact: (artifact: Artifact) => uploadArtifact(needs, artifact),
    // The same files make the same release: publishing twice is publishing once.
    publish: (data: Request<typeof releases.publishRelease>) =>
      repeatable(needs, { path: 'releases/publish', data, reply: releases.publishReleaseReply }),
    list: (data: Request<typeof releases.listReleases>) =>
      repeatable(needs, { path: 'releases/list', data, reply: releases.listReleasesReply }),
  }
}

async function uploadArtifact(
  needs: TransportNeeds,
  artifact: Artifact,
): Promise<z.infer<typeof releases.artifactReply>> {
  const path = `releases/artifacts/${artifact.digest}`
  let failure: Fault | null = null
  const body = async function* (onProgress: () => void) {
    let bytes = 0
    try {
      for await (const chunk of artifact.open()) {
        yield chunk
        bytes += chunk.length
        onProgress()
        artifact.onProgress?.(bytes)
      }
    } catch (cause) {
      const doing = `reading artifact ${artifact.digest}`
      failure = new Fault({ code: 'upload-unreadable', doing, retry: 'never', cause })
      throw failure
    }
  }
  const request = {
    method: 'PUT',
    url: apiUrl(needs, path),
    headers: { 'content-type': 'application/octet-stream' },
    body: (onProgress: () => void) => ReadableStream.from(body(onProgress)),
    bodyFailure: () => failure,
  }
  const text = await sendRepeatedly(needs, request, true)
  return parseReply(text, { path, reply: releases.artifactReply })
}

function endpointCalls(needs: TransportNeeds) {
  return {
    upgrade: (data: Request<typeof endpoints.upgradeEndpoints>) =>
      once(needs, { path: 'endpoints/upgrade', data, reply: endpoints.upgradeEndpointsReply }),
    getEndpoint: (data: Request<typeof endpoints.getEndpoint>) =>
      repeatable(needs, {
        path: 'endpoints/get_endpoint',
        data,
        reply: endpoints.getEndpointReply,
      }),
    getEndpoints: () =>
      repeatable(needs, {
        path: 'endpoints/get_endpoints',
        data: {},
        reply: endpoints.getEndpointsReply,
      }),
  }
}

function actionCalls(needs: TransportNeeds) {
  return {
    getActionStatus: (groupActionId: number) =>
      repeatable(needs, {
        path: 'actions/get_action_status',
        data: { group_action_id: groupActionId },
        reply: endpoints.actionStatusReply,
      }),
  }
}

function apiKeyCalls(needs: TransportNeeds) {
  const idFilter = (ids: readonly number[]) => [{ field: 'id', operator: 'in', value: ids }]
  return {
    generate: (data: Request<typeof keys.generateApiKey>) =>
      once(needs, { path: 'api_keys/generate', data, reply: keys.generateApiKeyReply }),
    /** All of them when no ids are given. */
    get: (ids?: readonly number[]) =>
      repeatable(needs, {
        path: 'api_keys/get_api_keys',
        data: ids === undefined ? {} : { filters: idFilter(ids) },
        reply: keys.getApiKeysReply,
      }),
    delete: (ids: readonly number[]) =>
      once(needs, {
        path: 'api_keys/delete',
        data: { filters: idFilter(ids) },
        reply: keys.deleteApiKeysReply,
      }),
  }
}
