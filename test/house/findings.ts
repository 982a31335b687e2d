import type { Finding } from './tree.ts'

/** `path:line`, for the rules' own tests. */
export function places(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line }) => `${path}:${line}`)
}
