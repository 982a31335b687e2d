declare const versionBrand: unique symbol
/** MAJOR.MINOR.PATCH.BUILD, as the public API writes versions: `8.6.0.1234`. */
export type AgentVersion = string & { readonly [versionBrand]: true }

// Each number fits 32 bits, so that a version packs into the fields of every package format.
const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/

/** What a version must look like, in words for an error message. */
export const VERSION_SHAPE = 'four numbers joined by dots, such as 8.6.0.1234'

export function isAgentVersion(text: string): text is AgentVersion {
  return VERSION.test(text)
}

/** Negative when `left` is older, positive when newer, 0 when equal. */
export function compareVersions(left: AgentVersion, right: AgentVersion): number {
  const leftNumbers = left.split('.').map(Number)
  const rightNumbers = right.split('.').map(Number)
  for (const [index, number] of leftNumbers.entries()) {
    const difference = number - (rightNumbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
