/**
 * The doors that agents knock at: they authenticate for themselves, with an endpoint's credential.
 */
import type { Segment } from '../../pack/writer.ts'
import type { Pace } from './bandwidth.ts'

export type AgentRequest = {
  readonly params: { readonly digest?: string }
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The parsed JSON body; undefined when there is none. */
  readonly body: unknown
  readonly remoteAddress: string
}

export type AgentAnswer =
  | {
      readonly kind: 'json'
      readonly status: number
      readonly body: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'bytes'
      readonly status: 200
      readonly contentType: string
      readonly bytes: Uint8Array
    }
  | {
      /** Immutable bytes: GET, HEAD and one Range are answered from them. */
      readonly kind: 'segments'
      readonly segments: readonly Segment[]
      /** Names the bytes, without quotes. */
      readonly etag: string
      readonly contentType: string
      /** How they leave; null: as fast as they can. */
      readonly pace: Pace | null
    }

export type AgentRoute<Needs> = {
  readonly method: 'POST' | 'GET'
  readonly path: `/agent/v1/${string}`
  readonly bodyBytesMax: number
  answer(needs: Needs, request: AgentRequest): Promise<AgentAnswer>
}
