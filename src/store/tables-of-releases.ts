/** What is made of releases, once for every distribution; a part of `tables.ts`. */

/** What a version is the container image of, for every processor together. */
export type ImageTable = {
  readonly version: string
  /** SHA-256 of everything that it depends on. */
  readonly made_of: string
  /** Of its index. */
  readonly digest: string
  readonly created_at: number
}

export type ImageBlobTable = {
  readonly digest: string
  readonly media_type: string
  readonly segments: string
  readonly created_at: number
}

export type DerivedPartTable = {
  /** SHA-256 of how it is made and of what. */
  readonly key: string
  /** Of its bytes, which lie beside the artifacts. */
  readonly digest: string
  readonly size: number
  /** What a writer wants to know of it: JSON of its own. */
  readonly notes: string
  readonly created_at: number
}
