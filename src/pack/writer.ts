import type { Digest } from '../base/digest.ts'
import type { Target } from '../base/platform.ts'
import type { PackageSpec } from './package-spec.ts'

/**
 * A run of a package's bytes: a few that belong to this package alone, or a range of a stored
 * artifact.
 */
export type Segment =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'artifact'
      /** Of the stored bytes themselves: for a compressed artifact, its gzip member. */
      readonly digest: Digest
      readonly offset: number
      readonly length: number
    }

export const FORMATS = ['deb', 'rpm', 'sh'] as const
export type Format = (typeof FORMATS)[number]

/**
 * What a writer cannot do with a spec alone: only the server reads artifacts, and it has the keys.
 */
export type WriterNeeds = {
  /**
   * SHA-256 of the segments' bytes, one after the other. Everything up to the last artifact is read
   * once and remembered, so what changes with each distribution belongs behind it.
   */
  readonly digestOf: (segments: readonly Segment[]) => Promise<Digest>
  /**
   * An OpenPGP signature over `bytes` by the instance's package key, as one packet. Made at
   * `timestamp` (seconds since 1970), or when the key was made, whichever is later: the same bytes
   * get the same signature, whatever the day.
   */
  readonly signOpenPgp: (signed: {
    readonly bytes: Uint8Array
    readonly timestamp: number
  }) => Promise<Uint8Array>
}

/**
 * Turns a package spec into one package, as the list of its segments. The same spec and key give
 * the same bytes, whatever the day or the machine. `write` never changes the spec and reads no
 * clock: the payload's bytes were compressed once, when the release was published, and are named
 * here, never copied.
 */
export interface PackageWriter {
  readonly format: Format
  /** For the download's `Content-Type`. */
  readonly mediaType: string
  /** Whether a build for this target can be packaged so; ask it before an order is accepted. */
  supports(target: Target): boolean
  fileName(spec: PackageSpec): string
  /**
   * Fails with a Fault (`package-refused`, retry `never`) for a target it does not support and for
   * a spec that is beyond a limit of the format: the order fails with that reason, and asking again
   * would change nothing.
   */
  write(spec: PackageSpec, needs: WriterNeeds): Promise<readonly Segment[]>
}

export function segmentLength(segment: Segment): number {
  return segment.kind === 'bytes' ? segment.bytes.length : segment.length
}

export function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segmentLength(segment), 0)
}
