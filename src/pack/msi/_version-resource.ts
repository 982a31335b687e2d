/**
 * The version that a Windows program says of itself ("PE Format", the .rsrc section;
 * VS_VERSIONINFO, Win32). Windows Installer compares it with the one that a package declares for
 * the file, and keeps a file whose version is higher than what was declared: a program that is
 * declared without its version is never replaced, or is lost in an upgrade. So it is read out of
 * each file while the cabinet is made, of as much of the file as is needed, strictly: what is no
 * program, or says no version, has none.
 */

export type FileVersion = { readonly version: string; readonly language: string }

/** Headers and the list of sections: far more than linkers write. */
const HEAD_MAX = 64 * 1024
const SECTIONS_MAX = 96
/** A section of resources that is larger is left unread. */
const RESOURCES_MAX = 16 * 1024 * 1024
/** "PE Format", Resource Directory Table; VERSION among the types of resources. */
const RT_VERSION = 16
const ENTRIES_MAX = 4096
const SUBDIRECTORY = 0x8000_0000
/** VS_FIXEDFILEINFO, dwSignature. */
const FIXED_INFO = 0xfeef_04bd

/** Sees a file go by, part after part. */
export class VersionReader {
  readonly #head = Buffer.alloc(HEAD_MAX)
  #headLength = 0
  #resources: { readonly section: Section; readonly bytes: Buffer } | null = null
  #offset = 0

  push(part: Uint8Array): void {
    if (this.#headLength < HEAD_MAX) {
      const taken = part.subarray(0, HEAD_MAX - this.#headLength)
      this.#head.set(taken, this.#headLength)
      this.#headLength += taken.length
      if (this.#headLength === HEAD_MAX) this.#findSection()
    }
    this.#take(part, this.#offset)
    this.#offset += part.length
  }

  /** After the last part. */
  version(): FileVersion | null {
    if (this.#headLength < HEAD_MAX) this.#findSection()
    if (this.#resources === null) return null
    try {
      return versionIn(this.#resources.bytes, this.#resources.section.address)
    } catch (error) {
      // A place that lies outside of the section: damage, or no resources at all.
      if (error instanceof RangeError) return null
      throw error
    }
  }

  #findSection(): void {
    const head = this.#head.subarray(0, this.#headLength)
    const section = resourceSection(head)
    if (section === null || section.size > RESOURCES_MAX) return
    this.#resources = { section, bytes: Buffer.alloc(section.size) }
    this.#take(head, 0)
  }

  /** As much of it as belongs to the section. */
  #take(part: Uint8Array, at: number): void {
    if (this.#resources === null) return
    const { section, bytes } = this.#resources
    const from = Math.max(section.offset, at)
    const to = Math.min(section.offset + section.size, at + part.length)
    if (from < to) bytes.set(part.subarray(from - at, to - at), from - section.offset)
  }
}

type Section = { readonly offset: number; readonly size: number; readonly address: number }

function resourceSection(head: Buffer): Section | null {
  if (head.length < 64 || head.toString('latin1', 0, 2) !== 'MZ') return null
  const at = head.readUInt32LE(60)
  if (at + 24 > head.length || head.toString('latin1', at, at + 4) !== 'PE\0\0') return null
  const count = Math.min(head.readUInt16LE(at + 6), SECTIONS_MAX)
  const first = at + 24 + head.readUInt16LE(at + 20)
  for (let entry = first; entry < first + 40 * count; entry += 40) {
    if (entry + 40 > head.length) return null
    if (head.toString('latin1', entry, entry + 8) !== '.rsrc\0\0\0') continue
    const [size, address] = [head.readUInt32LE(entry + 8), head.readUInt32LE(entry + 12)]
    const [stored, offset] = [head.readUInt32LE(entry + 16), head.readUInt32LE(entry + 20)]
    return { address, offset, size: Math.min(size, stored) }
  }
  return null
}

/** Throws a RangeError where something lies outside. */
function versionIn(resources: Buffer, address: number): FileVersion | null {
  const type = entryOf(resources, 0, RT_VERSION)
  const name = type === null ? null : entryOf(resources, type & ~SUBDIRECTORY, null)
  const leaf = name === null ? null : entryOf(resources, name & ~SUBDIRECTORY, null)
  if (leaf === null) return null
  const offset = resources.readUInt32LE(leaf) - address
  const length = resources.readUInt32LE(leaf + 4)
  if (offset < 0 || offset + length > resources.length) return null
  return versionInfo(resources.subarray(offset, offset + length))
}

/** Of a directory: the entry with this id, or the first one. */
function entryOf(resources: Buffer, at: number, id: number | null): number | null {
  const named = resources.readUInt16LE(at + 12)
  const count = Math.min(named + resources.readUInt16LE(at + 14), ENTRIES_MAX)
  for (let index = 0; index < count; index += 1) {
    const entry = at + 16 + 8 * index
    if (id === null || resources.readUInt32LE(entry) === id)
      return resources.readUInt32LE(entry + 4)
  }
  return null
}

/** Length, length of the value, type, `VS_VERSION_INFO` and its zero; then the fixed part. */
function versionInfo(info: Buffer): FileVersion | null {
  const fixed = 40
  if (info.toString('utf16le', 6, 36) !== 'VS_VERSION_INFO') return null
  if (info.readUInt32LE(fixed) !== FIXED_INFO) return null
  const [minor, major] = [info.readUInt16LE(fixed + 8), info.readUInt16LE(fixed + 10)]
  const [revision, build] = [info.readUInt16LE(fixed + 12), info.readUInt16LE(fixed + 14)]
  return { version: `${major}.${minor}.${build}.${revision}`, language: languageIn(info) }
}

/** The first of `Translation`, which words of 32 bits follow; 0 is "of no language". */
function languageIn(info: Buffer): string {
  const name = Buffer.from('Translation\0', 'utf16le')
  const at = info.indexOf(name)
  const value = 4 * Math.ceil((at + name.length) / 4)
  return at < 0 || value + 2 > info.length ? '0' : String(info.readUInt16LE(value))
}
