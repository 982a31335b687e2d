/** A Windows program of a few bytes for tests: headers, and a section of resources. */

/** "PE Format": sections begin at multiples of this in memory. */
const ADDRESS = 0x3000

/** With a version resource, or with a section that has none. */
export function sampleProgram(
  version: readonly [number, number, number, number] | null,
  { language = 1033, headLength = 1024 } = {},
): Buffer {
  const resources = version === null ? Buffer.alloc(64) : versionResources(version, language)
  const head = Buffer.alloc(headLength)
  head.write('MZ', 'latin1')
  head.writeUInt32LE(64, 60)
  head.write('PE\0\0', 64, 'latin1')
  head.writeUInt16LE(2, 70) // sections
  head.writeUInt16LE(16, 84) // length of the optional header
  const sections = 64 + 24 + 16
  head.write('.text\0\0\0', sections, 'latin1')
  head.write('.rsrc\0\0\0', sections + 40, 'latin1')
  head.writeUInt32LE(resources.length, sections + 48)
  head.writeUInt32LE(ADDRESS, sections + 52)
  head.writeUInt32LE(resources.length, sections + 56)
  head.writeUInt32LE(head.length, sections + 60)
  return Buffer.concat([head, resources, Buffer.from('what is behind the resources')])
}

/** Type, name and language, each a directory of one entry; then the data. */
function versionResources(version: readonly number[], language: number): Buffer {
  const info = versionInfo(version, language)
  const directories = [16, 1, language].map((id, level) => {
    const directory = Buffer.alloc(24)
    directory.writeUInt16LE(1, 14)
    directory.writeUInt32LE(id, 16)
    const next = 24 * (level + 1)
    directory.writeUInt32LE(level < 2 ? (next | 0x8000_0000) >>> 0 : next, 20)
    return directory
  })
  const entry = Buffer.alloc(16)
  entry.writeUInt32LE(ADDRESS + 88, 0)
  entry.writeUInt32LE(info.length, 4)
  return Buffer.concat([...directories, entry, info])
}

function versionInfo(
  [major = 0, minor = 0, build = 0, revision = 0]: readonly number[],
  language: number,
) {
  const fixed = Buffer.alloc(52)
  fixed.writeUInt32LE(0xfeef_04bd, 0)
  for (const [index, part] of [minor, major, revision, build].entries()) {
    fixed.writeUInt16LE(part, 8 + 2 * index)
  }
  const name = Buffer.alloc(34)
  name.write('VS_VERSION_INFO', 'utf16le')
  const translation = Buffer.alloc(36)
  translation.write('Translation', 6, 'utf16le')
  translation.writeUInt16LE(language, 32)
  return Buffer.concat([Buffer.alloc(6), name, fixed, translation])
}
