/**
 * ZIP (APPNOTE.TXT 6.3.10, cited by section) as Android packages are made of it. The reader is for
 * archives that are to be signed: it takes those alone that every reader understands in the same
 * way, because the attack on a signed archive is one that two readers see differently. So entries
 * lie one behind the other without a gap, in the order of the directory; nothing is before or
 * behind; both headers of an entry say the same; no ZIP64, no encryption, no descriptors, no
 * comment.
 */
import { crc32, inflateRawSync } from 'node:zlib'
import { concatBytes, fromUtf8, utf8 } from '../../base/bytes.ts'
import { accept, type Result, refuse } from '../../base/result.ts'

export type ZipEntry = {
  readonly name: string
  /** How `data` is to be read: as it is, or deflated. */
  readonly method: 'stored' | 'deflated'
  readonly crc32: number
  /** Bytes of the content. */
  readonly size: number
  readonly data: Uint8Array
}

export type ZipRefusal = { readonly code: 'malformed-zip'; readonly why: string }

export type ZipLimits = {
  readonly entriesMax: number
  /** Of all contents together, unpacked. */
  readonly contentBytesMax: number
}

/** Sections 4.3.7, 4.3.12 and 4.3.16. */
const LOCAL_SIGNATURE = 0x04034b50
const CENTRAL_SIGNATURE = 0x02014b50
const END_SIGNATURE = 0x06054b50
const LOCAL_LENGTH = 30
const CENTRAL_LENGTH = 46
export const ZIP_END_LENGTH = 22

/** Section 4.4.5. */
const METHODS = { stored: 0, deflated: 8 } as const
/** Section 4.4.4, bit 11: the name is UTF-8. Any other bit means something that is not taken. */
const UTF8_NAME = 0x0800
/** Section 4.4.3: 2.0, which deflate needs. */
const VERSION_NEEDED = 20
/** Section 4.4.6: MS-DOS's 1980-01-01 00:00, the earliest time that there is. */
const DATE = 0x0021
/**
 * An extra field that only fills, as Android's own signer writes it: what the data is aligned to,
 * then zeros (apksig, ZipUtils: ALIGNMENT_ZIP_EXTRA_DATA_FIELD).
 */
const ALIGNING_FIELD = 0xd935
/** What Android maps into memory must begin at a multiple of it (zipalign). */
const ALIGNMENT = 4

export function storedEntry(name: string, data: Uint8Array): ZipEntry {
  return { name, method: 'stored', crc32: crc32(data), size: data.length, data }
}

/** Entries as they lie in the archive, and the directory's records of them. */
export type ZipRun = {
  readonly local: Uint8Array
  readonly central: Uint8Array
  readonly count: number
}

/** For entries that begin at `offset` of the archive; stored ones are aligned. */
export function zipRun(entries: readonly ZipEntry[], offset: number): ZipRun {
  const local: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = offset
  for (const entry of entries) {
    const name = utf8(entry.name)
    const extra = entry.method === 'stored' ? aligning(at + LOCAL_LENGTH + name.length) : EMPTY
    const header = { ...entry, nameLength: name.length, extraLength: extra.length }
    central.push(centralHeader(header, at), name)
    local.push(localHeader(header), name, extra, entry.data)
    at += LOCAL_LENGTH + name.length + extra.length + entry.data.length
  }
  return { local: concatBytes(local), central: concatBytes(central), count: entries.length }
}

/** Section 4.3.16. */
export function zipEnd(directory: {
  readonly count: number
  readonly size: number
  readonly offset: number
}): Uint8Array {
  const end = Buffer.alloc(ZIP_END_LENGTH)
  end.writeUInt32LE(END_SIGNATURE, 0)
  end.writeUInt16LE(directory.count, 8)
  end.writeUInt16LE(directory.count, 10)
  end.writeUInt32LE(directory.size, 12)
  end.writeUInt32LE(directory.offset, 16)
  return end
}

/** A whole archive. */
export function writeZip(entries: readonly ZipEntry[]): Uint8Array {
  const { local, central, count } = zipRun(entries, 0)
  const end = zipEnd({ count, size: central.length, offset: local.length })
  return concatBytes([local, central, end])
}

type HeaderFields = Omit<ZipEntry, 'name'> & {
  readonly nameLength: number
  readonly extraLength: number
}

/** Section 4.3.7. */
function localHeader(entry: HeaderFields): Uint8Array {
  const header = Buffer.alloc(LOCAL_LENGTH)
  header.writeUInt32LE(LOCAL_SIGNATURE, 0)
  writeShared(header, 4, entry)
  header.writeUInt16LE(entry.extraLength, 28)
  return header
}

/** Section 4.3.12; attributes are zero, and the extra field is the other header's alone. */
function centralHeader(entry: HeaderFields, offset: number): Uint8Array {
  const header = Buffer.alloc(CENTRAL_LENGTH)
  header.writeUInt32LE(CENTRAL_SIGNATURE, 0)
  header.writeUInt16LE(VERSION_NEEDED, 4)
  writeShared(header, 6, entry)
  header.writeUInt32LE(offset, 42)
  return header
}

/** From "version needed to extract" to "file name length": the same in both. */
function writeShared(header: Buffer, at: number, entry: HeaderFields): void {
  header.writeUInt16LE(VERSION_NEEDED, at)
  header.writeUInt16LE(UTF8_NAME, at + 2)
  header.writeUInt16LE(METHODS[entry.method], at + 4)
  header.writeUInt16LE(DATE, at + 8)
  header.writeUInt32LE(entry.crc32, at + 10)
  header.writeUInt32LE(entry.data.length, at + 14)
  header.writeUInt32LE(entry.size, at + 18)
  header.writeUInt16LE(entry.nameLength, at + 22)
}

const EMPTY = new Uint8Array(0)
/** Id, length, and the alignment itself. */
const ALIGNING_LENGTH = 6

function aligning(dataAt: number): Uint8Array {
  if (dataAt % ALIGNMENT === 0) return EMPTY
  const fill = (ALIGNMENT - ((dataAt + ALIGNING_LENGTH) % ALIGNMENT)) % ALIGNMENT
  const field = Buffer.alloc(ALIGNING_LENGTH + fill)
  field.writeUInt16LE(ALIGNING_FIELD, 0)
  field.writeUInt16LE(field.length - 4, 2)
  field.writeUInt16LE(ALIGNMENT, 4)
  return field
}

/** The entries of an archive, each with its checksum checked. */
export function readZip(
  bytes: Uint8Array,
  limits: ZipLimits,
): Result<readonly ZipEntry[], ZipRefusal> {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = readEnd(archive, limits)
  if (typeof end === 'string') return refuseZip(end)
  const entries: ZipEntry[] = []
  const names = new Set<string>()
  const place: Place = { directoryAt: end.offset, localAt: 0, centralAt: end.offset }
  let content = 0
  while (entries.length < end.count) {
    const read = readEntry(archive, place, limits.contentBytesMax - content)
    if (typeof read === 'string') return refuseZip(`entry ${entries.length}: ${read}`)
    if (names.has(read.name)) return refuseZip(`${read.name} is there twice`)
    names.add(read.name)
    content += read.size
    entries.push(read)
  }
  if (place.localAt !== end.offset) return refuseZip('bytes that belong to no entry')
  if (place.centralAt !== end.at) return refuseZip('bytes that belong to no record')
  return accept(entries)
}

function refuseZip(why: string) {
  return refuse({ code: 'malformed-zip', why } as const)
}

type End = { readonly at: number; readonly count: number; readonly offset: number }

function readEnd(archive: Buffer, limits: ZipLimits): End | string {
  const at = archive.length - ZIP_END_LENGTH
  if (at < 0 || archive.readUInt32LE(at) !== END_SIGNATURE) return 'no end at the end'
  const isOneDisk = archive.readUInt32LE(at + 4) === 0
  const count = archive.readUInt16LE(at + 8)
  if (!isOneDisk || archive.readUInt16LE(at + 10) !== count) return 'more than one disk'
  if (archive.readUInt16LE(at + 20) !== 0) return 'a comment'
  if (count === 0 || count > limits.entriesMax) return `${count} entries`
  const offset = archive.readUInt32LE(at + 16)
  // So a ZIP64 locator, or a signature, has no place either.
  if (offset + archive.readUInt32LE(at + 12) !== at) return 'the directory is elsewhere'
  return { at, count, offset }
}

/** Where reading is; moved on by each entry. */
type Place = { readonly directoryAt: number; localAt: number; centralAt: number }

function readEntry(archive: Buffer, place: Place, contentMax: number): ZipEntry | string {
  const { localAt, centralAt, directoryAt } = place
  const centralEnd = archive.length - ZIP_END_LENGTH
  if (centralAt + CENTRAL_LENGTH > centralEnd) return 'the directory is cut'
  if (localAt + LOCAL_LENGTH > directoryAt) return 'the entry is cut'
  const central = archive.subarray(centralAt, centralAt + CENTRAL_LENGTH)
  const local = archive.subarray(localAt, localAt + LOCAL_LENGTH)
  const flaw = flawOfHeaders(local, central, localAt)
  if (flaw !== null) return flaw
  const packed = local.readUInt32LE(18)
  const nameLength = local.readUInt16LE(26)
  const nameAt = localAt + LOCAL_LENGTH
  const dataAt = nameAt + nameLength + local.readUInt16LE(28)
  const nextCentral = centralAt + CENTRAL_LENGTH + nameLength + central.readUInt16LE(30)
  if (dataAt + packed > directoryAt) return 'it reaches into the directory'
  if (nextCentral > centralEnd) return 'its record is cut'
  const name = archive.subarray(nameAt, nameAt + nameLength)
  const recordName = archive.subarray(centralAt + CENTRAL_LENGTH, nextCentral)
  if (!name.equals(recordName.subarray(0, nameLength))) return 'two names'
  const header = {
    method: local.readUInt16LE(8) === METHODS.stored ? 'stored' : 'deflated',
    crc32: local.readUInt32LE(14),
    size: local.readUInt32LE(22),
    data: archive.subarray(dataAt, dataAt + packed),
  } as const
  place.localAt = dataAt + packed
  place.centralAt = nextCentral
  return readNamed(name, header, contentMax)
}

/** The version made by, times, attributes and extra fields may be anything: none is kept. */
function flawOfHeaders(local: Buffer, central: Buffer, localAt: number): string | null {
  if (local.readUInt32LE(0) !== LOCAL_SIGNATURE) return 'no entry where it should begin'
  if (central.readUInt32LE(0) !== CENTRAL_SIGNATURE) return 'no record where it should begin'
  if (central.readUInt32LE(42) !== localAt) return 'its record names another place'
  if (!local.subarray(4, 28).equals(central.subarray(6, 30))) return 'two headers differ'
  if (central.readUInt16LE(32) !== 0) return 'a comment'
  if (central.readUInt16LE(34) !== 0) return 'another disk'
  if ((local.readUInt16LE(6) & ~UTF8_NAME) !== 0) return 'a flag that is not taken'
  const method = local.readUInt16LE(8)
  if (method !== METHODS.stored && method !== METHODS.deflated) return `method ${method}`
  return null
}

function readNamed(
  nameBytes: Buffer,
  header: Omit<ZipEntry, 'name'>,
  contentMax: number,
): ZipEntry | string {
  const name = nameOf(nameBytes)
  if (name === null) return 'a name that is not taken'
  const content = contentOf(header, contentMax)
  if (typeof content === 'string') return `${name}: ${content}`
  if (crc32(content) !== header.crc32) return `${name}: another checksum`
  return { name, ...header }
}

/** The content of an entry that was read, or made here. */
export function contentOfEntry(entry: ZipEntry): Uint8Array {
  return entry.method === 'stored' ? entry.data : inflateRawSync(entry.data)
}

/** What zlib gives with `info`: how many bytes of the input it took, too. */
type Inflated = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }

function contentOf(header: Omit<ZipEntry, 'name'>, contentMax: number): Uint8Array | string {
  const { size, data, method } = header
  if (size > contentMax) return 'more content than is taken'
  if (method === 'stored') return data.length === size ? data : 'two sizes'
  try {
    // One byte more is enough to see that there is more; zlib wants at least one.
    const options = { maxOutputLength: size + 1, info: true }
    const inflated = inflateRawSync(data, options) as unknown as Inflated // As `info` says.
    if (inflated.engine.bytesWritten !== data.length) return 'bytes behind its end'
    return inflated.buffer.length === size ? inflated.buffer : 'two sizes'
  } catch {
    // Best effort: whatever zlib says of it, the entry is damaged.
    return 'damaged'
  }
}

/** Printable ASCII, relative, and the same wherever it is unpacked. */
function nameOf(bytes: Buffer): string | null {
  if (!bytes.every((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x5c)) return null
  const name = fromUtf8(bytes)
  const isPlain = name.split('/').every((part) => !['', '.', '..'].includes(part))
  return isPlain ? name : null
}
