import { spawnSync } from 'node:child_process'

/** For `skipIf`: whether a tool that judges a package is here. One that is not is named in the output. */
export function hasTool(name: string): boolean {
  const found = spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', name]).status === 0
  if (!found) console.warn(`skipped: ${name} is missing`)
  return found
}
