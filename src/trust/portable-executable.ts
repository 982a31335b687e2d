/**
 * Signing a Windows program ("PE Format", Microsoft; "Windows Authenticode Portable Executable
 * Signature Format", 2008): the digest leaves out the checksum, the place of the signature and the
 * signature, so they can be put in afterwards. A signature that is there (a runtime's maker may
 * have signed what we put our code into) covers other bytes by now, and is taken off first.
 */
import { createHash } from 'node:crypto'
import { isDigest } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { authenticodeSignature } from './authenticode.ts'
import type { CodeCertificate } from './code-certificate.ts'

export type ProgramRefusal = { readonly code: 'not-a-windows-program'; readonly detail: string }

/** "PE Format", MS-DOS Stub: where the place of the PE header stands. */
const HEADER_PLACE = 0x3c
/** COFF File Header: 4 bytes of signature and 20 of header, before the optional one. */
const BEFORE_OPTIONAL = 24
const OPTIONAL_SIZE = 20
/** Optional Header: its kinds, and where their data directories begin. */
const DIRECTORIES_OF: Readonly<Record<number, number>> = { 267: 96, 523: 112 }
const CHECKSUM = 64
/** Optional Header Data Directories: the fifth is the certificate table, 8 bytes each. */
const CERTIFICATE_TABLE = 4
const DIRECTORY_BYTES = 8
/** The Attribute Certificate Table: its entries are aligned to 8 bytes, revision 2.0, PKCS #7. */
const ALIGNMENT = 8
const REVISION = 0x0200
const PKCS_SIGNED_DATA = 0x0002
const ENTRY_HEAD = 8
/** Sizes in a PE are 32 bits, and whoever reads them may take them as signed. */
const PROGRAM_BYTES_MAX = 2 ** 31 - 1

/** Where in the file the things stand that a signature leaves out. */
type Places = { readonly checksum: number; readonly directory: number }

/** The program with a signature of its own, and no other. */
export async function signProgram(
  program: Uint8Array,
  certificate: CodeCertificate,
): Promise<Result<Uint8Array, ProgramRefusal>> {
  const places = placesIn(program)
  if (!places.ok) return places
  const bare = withoutSignature(program, places.value)
  if (!bare.ok) return bare
  const { checksum, directory } = places.value
  const hash = createHash('sha256').update(bare.value.subarray(0, checksum))
  hash.update(bare.value.subarray(checksum + 4, directory))
  const digest = hash.update(bare.value.subarray(directory + DIRECTORY_BYTES)).digest('hex')
  invariant(isDigest(digest), 'a SHA-256 is a digest')
  const signature = await authenticodeSignature({ kind: 'pe', digest }, certificate)
  return accept(withSignature(bare.value, signature, places.value))
}

function placesIn(program: Uint8Array): Result<Places, ProgramRefusal> {
  const bytes = viewOf(program)
  if (program.length > PROGRAM_BYTES_MAX) return no('it is larger than 2 GiB')
  if (program.length < HEADER_PLACE + 4) return no('it is too short')
  const header = bytes.getUint32(HEADER_PLACE, true)
  const optional = header + BEFORE_OPTIONAL
  const isWindows = bytes.getUint16(0, true) === 0x5a4d && optional + 2 <= program.length
  if (!isWindows || bytes.getUint32(header, true) !== 0x4550) return no('it has no PE header')
  const first = DIRECTORIES_OF[bytes.getUint16(optional, true)]
  if (first === undefined) return no('its optional header is of an unknown kind')
  const directory = optional + first + CERTIFICATE_TABLE * DIRECTORY_BYTES
  const end = optional + bytes.getUint16(header + OPTIONAL_SIZE, true)
  const isInside = directory + DIRECTORY_BYTES <= end && end <= program.length
  // The number of directories stands right before the first.
  const count = isInside ? bytes.getUint32(optional + first - 4, true) : 0
  if (count <= CERTIFICATE_TABLE) return no('it has no place for a signature')
  return accept({ checksum: optional + CHECKSUM, directory })
}

/** A copy, filled up to where a signature may begin. */
function withoutSignature(
  program: Uint8Array,
  { directory }: Places,
): Result<Uint8Array, ProgramRefusal> {
  const bytes = viewOf(program)
  const offset = bytes.getUint32(directory, true)
  const size = bytes.getUint32(directory + 4, true)
  const isSigned = offset !== 0 || size !== 0
  const isAtEnd = offset + size === program.length && offset >= directory + DIRECTORY_BYTES
  if (isSigned && !isAtEnd) return no('its signature does not stand at its end')
  const content = isSigned ? program.subarray(0, offset) : program
  const bare = new Uint8Array(aligned(content.length))
  bare.set(content)
  return accept(bare)
}

function withSignature(bare: Uint8Array, signature: Uint8Array, places: Places): Uint8Array {
  const size = aligned(ENTRY_HEAD + signature.length)
  const signed = new Uint8Array(bare.length + size)
  signed.set(bare)
  signed.set(signature, bare.length + ENTRY_HEAD)
  const bytes = viewOf(signed)
  bytes.setUint32(bare.length, size, true)
  bytes.setUint16(bare.length + 4, REVISION, true)
  bytes.setUint16(bare.length + 6, PKCS_SIGNED_DATA, true)
  bytes.setUint32(places.directory, bare.length, true)
  bytes.setUint32(places.directory + 4, size, true)
  bytes.setUint32(places.checksum, 0, true)
  bytes.setUint32(places.checksum, checksumOf(bytes), true)
  return signed
}

/**
 * As ImageHlp's CheckSumMappedFile: the 16-bit words added with their carries, and the length. Only
 * drivers are refused for a wrong one; readers of signatures complain of it all the same.
 */
function checksumOf(bytes: DataView): number {
  let sum = 0
  for (let offset = 0; offset < bytes.byteLength; offset += 2) {
    sum += bytes.getUint16(offset, true)
    sum = (sum & 0xffff) + (sum >>> 16)
  }
  return sum + bytes.byteLength
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function no(detail: string): Result<never, ProgramRefusal> {
  return refuse({ code: 'not-a-windows-program', detail })
}
