/**
 * The part of npm's resedit that we use. Its own declarations ask for those of a browser, which
 * would then stand in every file of ours; see `paths` in tsconfig.json.
 */
type Entry = {
  readonly type: number | string
  readonly id: number | string
  readonly lang: number | string
}

export declare class NtExecutable {
  static from(bytes: Uint8Array, options: { readonly ignoreCert: boolean }): NtExecutable
  generate(): ArrayBuffer
}

export declare class NtExecutableResource {
  static from(program: NtExecutable): NtExecutableResource
  entries: Entry[]
  removeResourceEntry(type: Entry['type'], id: Entry['id'], lang: Entry['lang']): void
  outputResource(program: NtExecutable): void
}

declare class VersionInfo {
  static createEmpty(): VersionInfo
  readonly fixedInfo: { fileType: number; fileOS: number }
  setFileVersion(
    major: number,
    minor: number,
    micro: number,
    revision: number,
    language: number,
  ): void
  setProductVersion(
    major: number,
    minor: number,
    micro: number,
    revision: number,
    language: number,
  ): void
  setStringValues(
    language: { readonly lang: number; readonly codepage: number },
    values: Readonly<Record<string, string>>,
  ): void
  outputToResourceEntries(entries: Entry[]): void
}

type IconData = { readonly data: unknown }

export declare const Data: {
  readonly IconFile: { from(bytes: Uint8Array): { readonly icons: readonly IconData[] } }
}
export declare const Resource: {
  readonly VersionInfo: typeof VersionInfo
  readonly IconGroupEntry: {
    replaceIconsForResource(
      entries: Entry[],
      group: number,
      language: number,
      icons: readonly unknown[],
    ): void
  }
}
