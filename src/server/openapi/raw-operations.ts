/**
 * What the table of calls cannot tell: routes whose body or answer is no JSON. Written by hand; a
 * test compares them with the routes.
 */
import { EVENT_TYPES, streamedEvent } from '../../contract/public/events.ts'
import { artifactReply } from '../../contract/public/releases.ts'
import { ARTIFACT_BYTES_MAX } from '../../contract/schema.ts'
import { type JsonSchema, replySchema } from './json-schema.ts'
import { ANY_KEY, type Operation } from './operation.ts'
import { errorAnswers } from './statuses.ts'

/** By path, as OpenAPI spells it; then by method. */
export type RawOperations = Readonly<Record<string, Readonly<Record<string, Operation>>>>

export const RAW_OPERATIONS: RawOperations = {
  '/public_api/v1/releases/artifacts/{digest}': {
    put: {
      operationId: 'releases_artifacts_upload',
      tags: ['releases'],
      summary: 'Uploads an artifact',
      description:
        'The body is the artifact, as it is. The same artifact twice is one. Permission: ' +
        `\`releases.edit\`. At most ${ARTIFACT_BYTES_MAX} bytes.`,
      security: ANY_KEY,
      parameters: [pathParameter('digest', 'The SHA-256 of the body', '^[0-9a-f]{64}$')],
      requestBody: { required: true, content: bytes('application/octet-stream') },
      responses: {
        200: {
          description: 'Stored, and durable.',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { reply: replySchema(artifactReply) },
                required: ['reply'],
              },
            },
          },
        },
        ...errorAnswers([400, 401, 403, 413, 429, 500, 503]),
      },
      'x-permission': 'releases.edit',
      'x-origin': 'ours',
      'x-repeatable': true,
    },
  },
  '/public_api/v1/events': {
    get: {
      operationId: 'events_follow',
      tags: ['events'],
      summary: 'Tells what becomes true',
      description:
        'Server-sent events, for as long as the client stays: `id` is a position, `event` the ' +
        'type, `data` JSON. Whoever comes back with the last position he had misses nothing; ' +
        '`event: reset` tells that it is too old, and that what he keeps is to be read anew. ' +
        'Each key is told what its role and scope let it see.',
      security: ANY_KEY,
      parameters: [
        queryParameter('types', `Only these, joined by commas: ${EVENT_TYPES.join(', ')}`),
        queryParameter('last_event_id', 'For who cannot send the header `Last-Event-ID`'),
      ],
      responses: {
        200: {
          description: 'The stream.',
          content: { 'text/event-stream': { schema: replySchema(streamedEvent) } },
        },
        ...errorAnswers([400, 401, 403, 429, 500, 503]),
      },
      'x-permission': null,
      'x-origin': 'ours',
      'x-repeatable': true,
    },
  },
  '/dist/{distribution}/{type}/{file}': {
    get: download('get'),
    head: download('head'),
    post: download('post'),
  },
}

/** Installers in the field use all three methods, which do the same. */
function download(method: 'get' | 'head' | 'post'): Operation {
  const content = method === 'head' ? {} : { content: bytes('application/octet-stream') }
  return {
    operationId: `distributions_download_${method}`,
    tags: ['distributions'],
    summary: 'Downloads a package',
    description:
      'The address is what `distributions/get_dist_url` gives: its signature opens it, or ' +
      'an API key with the permission `distributions.view`. `Range`, `If-Range` and ' +
      '`If-None-Match` are obeyed.',
    security: [{}, ...ANY_KEY],
    parameters: [
      pathParameter('distribution', 'The id of the distribution', '^[0-9a-f]{32}$'),
      pathParameter('type', 'The package type, as in `supported_packages`'),
      pathParameter('file', 'The file name, as `get_dist_url` gives it'),
      queryParameter('expires', 'Of the signed address: until when it works'),
      queryParameter('signature', 'Of the signed address'),
    ],
    responses: {
      200: { description: 'The package.', ...content },
      206: { description: 'The part that `Range` asked for.', ...content },
      304: { description: 'What the caller has is current.' },
      ...errorAnswers([400, 401, 403, 404, 409, 416, 429, 500, 503]),
    },
    'x-permission': 'distributions.view',
    'x-origin': 'documented',
    'x-repeatable': true,
  }
}

function pathParameter(name: string, description: string, pattern?: string): JsonSchema {
  const schema = { type: 'string', ...(pattern === undefined ? {} : { pattern }) }
  return { name, in: 'path', required: true, description, schema }
}

function queryParameter(name: string, description: string): JsonSchema {
  return { name, in: 'query', required: false, description, schema: { type: 'string' } }
}

function bytes(mediaType: string): JsonSchema {
  return { [mediaType]: { schema: { type: 'string', format: 'binary' } } }
}
