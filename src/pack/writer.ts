import type { Digest } from '../base/digest.ts'
import type { Target } from '../base/platform.ts'
import type { ArtifactRef, PackageSpec, ReleaseSpec } from './package-spec.ts'

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

export const FORMATS = [
  'deb',
  'rpm',
  'sh',
  'msi',
  'pkg',
  'apk',
  'qr',
  'upgrade-sh',
  'msi-upgrade',
] as const
export type Format = (typeof FORMATS)[number]

/**
 * Bytes that are the same for every distribution of a release and that its gzip members cannot be
 * put together to: a cabinet, a payload compressed as one stream. Made once, kept as an artifact of
 * their own.
 */
export type DerivedPart = {
  /** Names how it is made; another name whenever the bytes would differ: `msi-cabinet-1`. */
  readonly recipe: string
  /** Everything else that the bytes depend on, as text: names, modes, times. */
  readonly parameters: string
  /** What it is made of. */
  readonly sources: readonly ArtifactRef[]
  /**
   * The bytes, and at their end a few notes that a writer wants to know of them later (JSON, at
   * most 1 MiB). `content` reads an artifact as it was before it was compressed.
   */
  make(
    content: (artifact: ArtifactRef) => AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, string>
}

export type Derived = {
  /** Of its bytes, which are stored as they are: a segment names it by this. */
  readonly digest: Digest
  readonly size: number
  readonly notes: string
}

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
  /** Makes a part, or finds it made; the first time costs what compressing costs. */
  readonly derive: (part: DerivedPart) => Promise<Derived>
  /**
   * Authenticode: the DER of the PKCS #7 to be put into the package; null: the operator gave no
   * certificate for Windows, and the package stays unsigned. The same digest gets the same bytes.
   */
  readonly signAuthenticode: (signed: AuthenticodeSigned) => Promise<Uint8Array | null>
  /** Null: the operator gave no certificate for macOS, and the package stays unsigned. */
  readonly installerSigner: () => Promise<InstallerSigner | null>
  /** Made when it is first asked for. */
  readonly androidKey: () => Promise<AndroidKey>
}

/** What signs Android packages: the same for all of an instance, for ever. */
export type AndroidKey = {
  /** DER; the key signed it itself. */
  readonly certificate: Uint8Array
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  /** RSA, PKCS #1 v1.5 with SHA-256; the same bytes get the same signature. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

export type AuthenticodeSigned = {
  readonly kind: 'msi'
  /**
   * SHA-256 over the contents of all streams but \x05DigitalSignature and
   * \x05MsiDigitalSignatureEx, in the order of their names' UTF-16LE bytes (memcmp, the shorter
   * name first), and over the 16 bytes of the root storage's CLSID behind them. Sizes and places
   * are no part of it, so a signature of any length can be added afterwards. `digestOf` reads
   * everything up to the last artifact once: a stream that is an artifact best has a name that
   * sorts first.
   */
  readonly digest: Digest
}

/** A certificate for Apple's installer packages, with its key behind it. */
export type InstallerSigner = {
  /** DER, the signer's own first, then those that vouch for it. */
  readonly certificates: readonly Uint8Array[]
  /** Bytes of each signature. */
  readonly signatureSize: number
  /** RSA, PKCS #1 v1.5 over the digest of `bytes`; the same bytes get the same signature. */
  sign(bytes: Uint8Array, digest: 'sha1' | 'sha256'): Promise<Uint8Array>
}

/**
 * Turns a package spec into one package, as the list of its segments. The same spec and key give
 * the same bytes, whatever the day or the machine. `write` never changes the spec and reads no
 * clock: the payload's bytes were compressed once, when the release was published, and are named
 * here, never copied.
 */
export interface PackageWriter {
  readonly format: Format
  /** What the package is for: a new agent, or another version of one that is there. */
  readonly kind: 'standalone' | 'in-place'
  /** Whether one package holds the builds for every target; else there is one for each. */
  readonly takesAllTargets: boolean
  /** For the download's `Content-Type`. */
  readonly mediaType: string
  /** Whether a build for this target can be packaged so; ask it before an order is accepted. */
  supports(target: Target): boolean
  fileName(spec: PackageSpec): string
  /** What can be made as soon as a release is there, so that no order waits for it. */
  partsAhead(spec: ReleaseSpec): readonly DerivedPart[]
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
