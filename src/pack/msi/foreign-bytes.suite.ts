/** The version that a program says of itself, for the fuzz of readers. */
import { VersionReader } from './_version-resource.ts'

/** In two parts, as files come. */
export function saysItsVersion(program: Uint8Array): boolean {
  const reader = new VersionReader()
  const middle = Math.floor(program.length / 2)
  reader.push(program.subarray(0, middle))
  reader.push(program.subarray(middle))
  return reader.version() !== null
}
