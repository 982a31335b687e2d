/**
 * Our own small gzip members (RFC 1952). A file may be several members one after the other, and
 * every reader that matters here gives their contents as one: dpkg, gzip, GNU tar, busybox, node.
 * So an artifact, compressed once when its release was published, stands in a package as it is,
 * with small members of ours around it.
 *
 * The bytes must not change with the machine. The header's time is 0 and its system byte is fixed,
 * and the compressor's RLE strategy is used because it alone leaves out the hash tables of zlib,
 * which are tuned to the processor and find other matches on arm64 than on x64. What it packs is
 * tar headers, runs of zeros for the most part, which it packs as well as the default does.
 */
import { constants, gzipSync } from 'node:zlib'

/** RFC 1952, 2.3: the byte that names the system of the compressor. 255 is "unknown". */
const SYSTEM_BYTE_AT = 9
const SYSTEM_UNKNOWN = 255

export function gzipMember(bytes: Uint8Array): Uint8Array {
  const member = new Uint8Array(gzipSync(bytes, { level: 9, strategy: constants.Z_RLE }))
  member[SYSTEM_BYTE_AT] = SYSTEM_UNKNOWN
  return member
}
