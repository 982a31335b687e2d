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

export const FORMATS = ['deb', 'sh'] as const
export type Format = (typeof FORMATS)[number]

/**
 * Turns a package spec into one package, as the list of its segments. The same spec gives the same
 * bytes, whatever the day or the machine. `write` never changes the spec, reads no clock and awaits
 * nothing: the payload's bytes were compressed once, when the release was published, and are named
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
   * Throws a Fault (`package-refused`, retry `never`) for a target it does not support and for a
   * spec that is beyond a limit of the format: the order fails with that reason, and asking again
   * would change nothing.
   */
  write(spec: PackageSpec): readonly Segment[]
}

export function segmentLength(segment: Segment): number {
  return segment.kind === 'bytes' ? segment.bytes.length : segment.length
}
