/**
 * The common ar archive of a deb: a magic line, then members with a 60-byte text header each
 * (deb(5), ar(5)). A member is given as segments, because its middle may be a stored artifact.
 */
import { utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'
import { lengthOf, type Segment } from '../writer.ts'

/** Ten decimal digits: the width of the size field. */
export const AR_MEMBER_SIZE_MAX = 9_999_999_999
const NAME_LENGTH_MAX = 16

export type ArMember = { readonly name: string; readonly content: readonly Segment[] }

export function arSegments(members: readonly ArMember[], timestamp: number): readonly Segment[] {
  return [
    ownBytes(utf8('!<arch>\n')),
    ...members.flatMap((member) => memberSegments(member, timestamp)),
  ]
}

function memberSegments(member: ArMember, timestamp: number): Segment[] {
  const size = lengthOf(member.content)
  const header = ownBytes(utf8(arHeader(member.name, size, timestamp)))
  // Headers stand at even offsets; the filler is a line feed.
  return [header, ...member.content, ...(size % 2 === 0 ? [] : [ownBytes(utf8('\n'))])]
}

function arHeader(name: string, size: number, timestamp: number): string {
  invariant(name.length <= NAME_LENGTH_MAX, 'an ar member name fits its field')
  invariant(size <= AR_MEMBER_SIZE_MAX, 'an ar member size fits its field')
  const fields = [
    name.padEnd(NAME_LENGTH_MAX),
    String(timestamp).padEnd(12),
    '0'.padEnd(6), // owner
    '0'.padEnd(6), // group
    '100644'.padEnd(8),
    String(size).padEnd(10),
  ]
  return `${fields.join('')}\`\n`
}

function ownBytes(bytes: Uint8Array): Segment {
  return { kind: 'bytes', bytes }
}
