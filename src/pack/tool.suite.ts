import { spawnSync } from 'node:child_process'

/** For `skipIf`: whether a tool that judges a package is here. The test's name says which. */
export function hasTool(name: string): boolean {
  return spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', name]).status === 0
}
