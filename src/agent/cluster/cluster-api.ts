/**
 * The few requests that an agent makes of its cluster's API, as the account of its pod. The token
 * is read anew for each: the kubelet replaces it while the pod runs. Every request has a time
 * limit, every answer a size; no redirect is followed, no encoding undone, and the certificate must
 * be the cluster's own.
 */
import type * as z from 'zod'
import { concatBytes, fromUtf8 } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { causeChain, Fault } from '../../base/fault.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { parseJson } from '../json-file.ts'
import { readIfThere } from '../machine/files.ts'
import type { Pod } from './pod.ts'

/** The runtime's fetch; `tls` and `decompress` are bun's. */
export type ClusterFetch = (
  url: string,
  init: RequestInit & { tls?: { ca: string }; decompress: false },
) => Promise<Response>

export type ClusterApiNeeds = {
  readonly pod: Pod
  readonly fetch: ClusterFetch
  readonly clock: Clock
}

/** Far above what the API takes; a holder must not be held for longer than its beat. */
const ANSWER_WITHIN_MS = 10_000
/** A page of pods with all that operators write into them. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const TOKEN_BYTES_MAX = 16 * 1024
const CERTIFICATES_BYTES_MAX = 1024 * 1024

export type ClusterRefusal = {
  /** `conflict`: somebody else changed it since; `forbidden`: by RBAC, or nobody knows us. */
  readonly kind: 'forbidden' | 'conflict' | 'not-found' | 'unavailable'
  readonly message: string
}

export type ClusterRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly contentType?: string
  readonly body?: unknown
}

export class ClusterApi {
  readonly #needs: ClusterApiNeeds

  constructor(needs: ClusterApiNeeds) {
    this.#needs = needs
  }

  async ask<Schema extends z.ZodType>(
    request: ClusterRequest,
    schema: Schema,
  ): Promise<Result<z.infer<Schema>, ClusterRefusal>> {
    const { clock } = this.#needs
    const abort = new AbortController()
    const limit = clock.sleep(ANSWER_WITHIN_MS)
    let isOver = false
    void limit.done.then(() => {
      const doing = 'waiting for the API of the cluster'
      if (!isOver) abort.abort(new Fault({ code: 'timed-out', doing, retry: 'later' }))
    })
    try {
      const response = await this.#send(request, abort.signal)
      const body = await readBody(response)
      if (!response.ok) return refuse(refusalOf(request, response.status, body))
      const parsed = parseJson(body, schema)
      if (parsed.ok) return accept(parsed.value)
      const message = `the cluster answered what is not understood: ${parsed.refusal.what}`
      return refuse({ kind: 'unavailable', message })
    } catch (error) {
      return refuse({ kind: 'unavailable', message: causeChain(error).join(': ').slice(0, 500) })
    } finally {
      isOver = true
      limit.cancel()
    }
  }

  async #send(request: ClusterRequest, signal: AbortSignal): Promise<Response> {
    const { pod, fetch } = this.#needs
    const token = readText(pod.tokenPath, TOKEN_BYTES_MAX)
    const certificates = readText(pod.certificatesPath, CERTIFICATES_BYTES_MAX)
    if (certificates === '' && pod.apiUrl.startsWith('https:')) {
      // The token would go to whoever has a certificate of a public authority.
      const doing = `reading the cluster's certificates in ${pod.certificatesPath}`
      throw new Fault({ code: 'cluster-certificates-missing', doing, retry: 'later' })
    }
    return await fetch(`${pod.apiUrl}${request.path}`, {
      method: request.method,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(request.body === undefined
          ? {}
          : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      redirect: 'manual',
      decompress: false,
      signal,
      ...(certificates === '' ? {} : { tls: { ca: certificates } }),
    })
  }
}

function readText(path: string, bytesMax: number): string {
  const bytes = readIfThere(path, bytesMax)
  return bytes === null ? '' : fromUtf8(bytes).trim()
}

async function readBody(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array()
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body) {
    length += piece.length
    if (length > ANSWER_BYTES_MAX) {
      const doing = `reading an answer of at most ${ANSWER_BYTES_MAX} bytes`
      throw new Fault({ code: 'answer-too-large', doing, retry: 'later' })
    }
    pieces.push(piece)
  }
  return concatBytes(pieces)
}

const KINDS: ReadonlyMap<number, ClusterRefusal['kind']> = new Map([
  [401, 'forbidden'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [409, 'conflict'],
])

function refusalOf(request: ClusterRequest, status: number, body: Uint8Array): ClusterRefusal {
  const said = sentenceIn(body)
  const message = `${request.method} ${request.path}: ${status} ${said}`.slice(0, 500)
  return { kind: KINDS.get(status) ?? 'unavailable', message }
}

/** Kubernetes API conventions, "Response Status Kind": the sentence for people. */
function sentenceIn(body: Uint8Array): string {
  try {
    const status: unknown = JSON.parse(fromUtf8(body))
    const isStatus = typeof status === 'object' && status !== null && 'message' in status
    return isStatus ? String(status.message) : ''
  } catch {
    // Best effort: the number says enough.
    return ''
  }
}
