/**
 * A xar archive (the format of xar(1), "xar file format"): a header, a table of contents in
 * compressed XML, and a heap. The heap begins with the digest of the compressed table; the table
 * has the digest of every file. So a signature over the table covers everything, and only the table
 * has to be read for it.
 *
 * Files are stored as they are, because what is in a package is compressed already. The digests are
 * SHA-1: Apple's own tools write them so, and libarchive and older 7-Zip know no other.
 */
import { createHash } from 'node:crypto'
import { constants, deflateSync } from 'node:zlib'
import { utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'
import { type InstallerSigner, type Segment, segmentLength } from '../writer.ts'

const MAGIC = 'xar!'
const HEADER_LENGTH = 28
const VERSION = 1
/** The header's number for the digest of the table. */
const DIGEST_SHA1 = 1
const SHA1_LENGTH = 20

export type XarFile = {
  readonly name: string
  readonly sha1: string
  readonly content: Segment
}

export type XarFolder = { readonly name: string; readonly files: readonly XarFile[] }

type Form = {
  /** Seconds since 1970. */
  readonly timestamp: number
  /** Null: nobody signs it. */
  readonly signer: InstallerSigner | null
}

/** A small file of the archive's own. */
export function ownXarFile(name: string, bytes: Uint8Array): XarFile {
  return { name, sha1: sha1Of(bytes).toString('hex'), content: { kind: 'bytes', bytes } }
}

export async function xarSegments(
  members: readonly (XarFile | XarFolder)[],
  form: Form,
): Promise<readonly Segment[]> {
  const { text, heap } = tableOf(members, form)
  const table = utf8(text)
  // As gzip.ts says: the one strategy that packs alike on every processor.
  const packed = deflateSync(table, { level: 9, strategy: constants.Z_RLE })
  const front = Buffer.alloc(HEADER_LENGTH)
  front.write(MAGIC, 'latin1')
  front.writeUInt16BE(HEADER_LENGTH, 4)
  front.writeUInt16BE(VERSION, 6)
  front.writeBigUInt64BE(BigInt(packed.length), 8)
  front.writeBigUInt64BE(BigInt(table.length), 16)
  front.writeUInt32BE(DIGEST_SHA1, 24)
  const signature = await signatureOver(packed, form.signer)
  const bytes = Buffer.concat([front, packed, sha1Of(packed), signature])
  return [{ kind: 'bytes', bytes }, ...heap]
}

async function signatureOver(
  table: Uint8Array,
  signer: InstallerSigner | null,
): Promise<Uint8Array> {
  if (signer === null) return new Uint8Array()
  const signature = await signer.sign(table, 'sha1')
  invariant(signature.length === signer.signatureSize, 'a signature has the size that was said')
  return signature
}

/** The table as text, and what lies in the heap behind digest and signature, in this order. */
function tableOf(
  members: readonly (XarFile | XarFolder)[],
  { timestamp, signer }: Form,
): { readonly text: string; readonly heap: readonly Segment[] } {
  const when = Temporal.Instant.fromEpochMilliseconds(timestamp * 1000).toString()
  const heap: Segment[] = []
  let offset = SHA1_LENGTH + (signer?.signatureSize ?? 0)
  let id = 0
  const element = (member: XarFile | XarFolder): string => {
    id += 1
    invariant(/^[A-Za-z0-9._-]+$/.test(member.name), 'a name stands in XML as it is')
    // Its name comes before what is in it: libarchive goes by the order.
    const head = `<file id="${id}"><name>${member.name}</name>`
    if ('files' in member) {
      const about = aboutFile(when, { type: 'directory', mode: '0755' })
      return `${head}${about}\n${member.files.map(element).join('\n')}</file>`
    }
    const length = segmentLength(member.content)
    const data = dataElement({ offset, length, sha1: member.sha1 })
    heap.push(member.content)
    offset += length
    return `${head}${data}${aboutFile(when, { type: 'file', mode: '0644' })}</file>`
  }
  const files = members.map(element).join('\n')
  const text = `\
<?xml version="1.0" encoding="UTF-8"?>
<xar><toc>
<creation-time>${when.replace('Z', '')}</creation-time>
<checksum style="sha1"><offset>0</offset><size>${SHA1_LENGTH}</size></checksum>
${signatureElement(signer)}${files}
</toc></xar>
`
  return { text, heap }
}

/** Encoding as the MIME type of bytes that are what they are. */
function dataElement(data: {
  readonly offset: number
  readonly length: number
  readonly sha1: string
}): string {
  const { offset, length, sha1 } = data
  return (
    `<data><length>${length}</length><offset>${offset}</offset><size>${length}</size>` +
    '<encoding style="application/octet-stream"/>' +
    `<extracted-checksum style="sha1">${sha1}</extracted-checksum>` +
    `<archived-checksum style="sha1">${sha1}</archived-checksum></data>`
  )
}

function aboutFile(
  when: string,
  { type, mode }: { readonly type: string; readonly mode: string },
): string {
  return (
    `<mtime>${when}</mtime><uid>0</uid><gid>0</gid><mode>${mode}</mode>` + `<type>${type}</type>`
  )
}

/** As productsign(1) writes it: the certificates in the form of XML signatures (XMLDSIG, 4.4.4). */
function signatureElement(signer: InstallerSigner | null): string {
  if (signer === null) return ''
  const certificates = signer.certificates.map(
    (der) => `<X509Certificate>${Buffer.from(der).toString('base64')}</X509Certificate>`,
  )
  return `\
<signature style="RSA"><offset>${SHA1_LENGTH}</offset><size>${signer.signatureSize}</size>
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
${certificates.join('\n')}
</X509Data></KeyInfo></signature>
`
}

function sha1Of(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest()
}
