/**
 * The version in a compiled AndroidManifest.xml (AOSP, frameworks/base/libs/androidfw/include/
 * androidfw/ResourceTypes.h, whose names are cited). Everything else stays as aapt2 wrote it. Only
 * the form that aapt2 writes is taken: what is read is written again, and must be the very same
 * bytes before anything is changed.
 */
import { concatBytes } from '../../base/bytes.ts'
import { accept, type Result, refuse } from '../../base/result.ts'

export type AxmlRefusal = { readonly code: 'malformed-manifest'; readonly why: string }

export type ManifestVersion = {
  readonly versionName: string
  readonly versionCode: number
  readonly versionCodeMajor: number
}

/** ResChunk_header types. */
const XML = 0x0003
const STRING_POOL = 0x0001
const RESOURCE_MAP = 0x0180
const START_ELEMENT = 0x0102
const CHUNK_HEADER = 8
const POOL_HEADER = 28
/** ResXMLTree_node and ResXMLTree_attrExt: where the attributes begin. */
const ELEMENT_HEADER = 36
const ATTRIBUTE_LENGTH = 20
/** Res_value::dataType. */
const TYPE_STRING = 0x03
const TYPE_INT_DEC = 0x10
/** android.R.attr, by the names of ManifestVersion. */
const ATTRIBUTES: Readonly<Record<number, keyof ManifestVersion>> = {
  16843291: 'versionCode', // 0x0101021b
  16843292: 'versionName', // 0x0101021c
  16844150: 'versionCodeMajor', // 0x01010576
}
export const AXML_BYTES_MAX = 256 * 1024
const STRINGS_MAX = 4096

/** Puts a version in the place of the one that is there. */
export function withVersion(
  manifest: Uint8Array,
  version: ManifestVersion,
): Result<Uint8Array, AxmlRefusal> {
  if (manifest.length > AXML_BYTES_MAX) return refuseAxml('it is too large')
  const bytes = Buffer.from(manifest)
  const chunks = readChunks(bytes)
  if (chunks === null) return refuseAxml('its chunks do not fill it')
  const [pool, map, ...nodes] = chunks
  const isPlain = typeOf(pool) === STRING_POOL && typeOf(map) === RESOURCE_MAP
  if (pool === undefined || map === undefined || !isPlain) return refuseAxml('other chunks first')
  const strings = readPool(pool)
  if (strings === null) return refuseAxml('strings in another form')
  const found = findVersion(map, nodes, strings)
  if (typeof found === 'string') return refuseAxml(found)
  const changed = strings.with(found.name.readUInt32LE(8), version.versionName)
  found.code.writeUInt32LE(version.versionCode, 16)
  found.major.writeUInt32LE(version.versionCodeMajor, 16)
  return accept(chunkBytes(XML, CHUNK_HEADER, [poolBytes(changed), map, ...nodes]))
}

function refuseAxml(why: string) {
  return refuse({ code: 'malformed-manifest', why } as const)
}

function typeOf(chunk: Buffer | undefined): number | undefined {
  return chunk?.readUInt16LE(0)
}

/** ResChunk_header: type, length of the header, length of the whole; null: not one whole file. */
function readChunks(file: Buffer): Buffer[] | null {
  if (file.length < CHUNK_HEADER || file.readUInt32LE(0) !== (XML | (CHUNK_HEADER << 16))) {
    return null
  }
  if (file.readUInt32LE(4) !== file.length) return null
  const chunks: Buffer[] = []
  let at = CHUNK_HEADER
  while (at < file.length) {
    if (at + CHUNK_HEADER > file.length) return null
    const length = file.readUInt32LE(at + 4)
    if (length < CHUNK_HEADER || length % 4 !== 0 || at + length > file.length) return null
    chunks.push(file.subarray(at, at + length))
    at += length
  }
  return chunks
}

/** ResStringPool_header, UTF-16 and without styles; null: anything else. */
function readPool(chunk: Buffer): readonly string[] | null {
  if (chunk.length < POOL_HEADER) return null
  const count = chunk.readUInt32LE(8)
  const start = chunk.readUInt32LE(20)
  if (count > STRINGS_MAX || start !== POOL_HEADER + 4 * count || start > chunk.length) return null
  const strings: string[] = []
  for (let index = 0; index < count; index += 1) {
    const at = start + chunk.readUInt32LE(POOL_HEADER + 4 * index)
    if (at + 2 > chunk.length) return null
    // Longer ones set the highest bit and take two words: none here.
    const end = at + 2 + 2 * chunk.readUInt16LE(at)
    if (end > chunk.length) return null
    strings.push(chunk.toString('utf16le', at + 2, end))
  }
  return poolBytes(strings).equals(chunk) ? strings : null
}

function poolBytes(strings: readonly string[]): Buffer {
  const offsets = Buffer.alloc(4 * strings.length)
  const texts: Buffer[] = []
  let at = 0
  for (const [index, text] of strings.entries()) {
    // Length in words, the text, a zero.
    const bytes = Buffer.alloc(4 + 2 * text.length)
    bytes.writeUInt16LE(text.length, 0)
    bytes.write(text, 2, 'utf16le')
    offsets.writeUInt32LE(at, 4 * index)
    texts.push(bytes)
    at += bytes.length
  }
  const fields = Buffer.alloc(POOL_HEADER - CHUNK_HEADER)
  fields.writeUInt32LE(strings.length, 0)
  fields.writeUInt32LE(POOL_HEADER + offsets.length, 12)
  const padding = Buffer.alloc((4 - (at % 4)) % 4)
  return chunkBytes(STRING_POOL, POOL_HEADER, [fields, offsets, ...texts, padding])
}

function chunkBytes(type: number, headerLength: number, parts: readonly Uint8Array[]): Buffer {
  const content = concatBytes(parts)
  const header = Buffer.alloc(CHUNK_HEADER)
  header.writeUInt16LE(type, 0)
  header.writeUInt16LE(headerLength, 2)
  header.writeUInt32LE(CHUNK_HEADER + content.length, 4)
  return Buffer.concat([header, content])
}

type VersionAttributes = { readonly name: Buffer; readonly code: Buffer; readonly major: Buffer }

/** The three attributes of the outermost element, whose string is nobody else's. */
function findVersion(
  map: Buffer,
  nodes: readonly Buffer[],
  strings: readonly string[],
): VersionAttributes | string {
  const elements = nodes.filter((node) => typeOf(node) === START_ELEMENT)
  const [outermost] = elements
  if (outermost === undefined || !elements.every(isElement)) return 'an element is damaged'
  if (strings[outermost.readUInt32LE(20)] !== 'manifest') return 'it begins with another element'
  const found = new Map<keyof ManifestVersion, Buffer>()
  for (const attribute of attributesOf(outermost)) {
    // The first strings of the pool are names of attributes, in the order of the resource map.
    const at = CHUNK_HEADER + 4 * attribute.readUInt32LE(4)
    const named = at + 4 <= map.length ? ATTRIBUTES[map.readUInt32LE(at)] : undefined
    if (named === undefined) continue
    const type = named === 'versionName' ? TYPE_STRING : TYPE_INT_DEC
    if (found.has(named) || attribute.readUInt8(15) !== type) return `${named} is damaged`
    found.set(named, attribute)
  }
  const [name, code, major] = (['versionName', 'versionCode', 'versionCodeMajor'] as const).map(
    (each) => found.get(each),
  )
  if (name === undefined || code === undefined || major === undefined) return 'it has no version'
  const flaw = flawOfName(name, elements, strings.length)
  return flaw ?? { name, code, major }
}

/** Replacing a string must change nothing but the version's name. */
function flawOfName(name: Buffer, elements: readonly Buffer[], count: number): string | null {
  const index = name.readUInt32LE(8)
  if (index !== name.readUInt32LE(16) || index >= count) return 'versionName is damaged'
  const uses = elements
    .flatMap((element) => [element.readUInt32LE(20), ...attributesOf(element).flatMap(stringsIn)])
    .filter((used) => used === index)
  return uses.length === 2 ? null : 'the text of versionName is used elsewhere'
}

/** Name, text and typed value of an attribute, where they are strings. */
function stringsIn(attribute: Buffer): readonly number[] {
  const typed = attribute.readUInt8(15) === TYPE_STRING ? [attribute.readUInt32LE(16)] : []
  return [attribute.readUInt32LE(4), attribute.readUInt32LE(8), ...typed]
}

function isElement(node: Buffer): boolean {
  return (
    node.length >= ELEMENT_HEADER &&
    node.readUInt16LE(24) === ELEMENT_HEADER - 16 &&
    node.readUInt16LE(26) === ATTRIBUTE_LENGTH &&
    node.length === ELEMENT_HEADER + ATTRIBUTE_LENGTH * node.readUInt16LE(28)
  )
}

function attributesOf(element: Buffer): readonly Buffer[] {
  return Array.from({ length: element.readUInt16LE(28) }, (_, index) => {
    const at = ELEMENT_HEADER + ATTRIBUTE_LENGTH * index
    return element.subarray(at, at + ATTRIBUTE_LENGTH)
  })
}
