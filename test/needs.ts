/**
 * Tests that need a program of the machine: `it.skipIf(!needs('dpkg'))(...)`. Where it is missing
 * the test is skipped, and what is written here lets the summary name the test and the program: a
 * skipped test is never silent.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from 'vitest'

/** True when every program is there; the summary is told of those that are not. */
export function needs(...programs: readonly string[]): boolean {
  const missing = missingPrograms(programs)
  // The summary reads this line (test/summary-reporter.ts).
  for (const program of missing) console.warn(`skipped: ${program} is missing`)
  return missing.length === 0
}

/** `describe`, run only where every program is there. */
export function describeNeeds(programs: readonly string[], name: string, body: () => void): void {
  describe.skipIf(!needs(...programs))(name, body)
}

/** Which of `programs` are not on the path (system folders included, which users often lack). */
export function missingPrograms(programs: readonly string[]): string[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return programs.filter(
    (program) => !folders.some((folder) => isExecutable(join(folder, program))),
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Best effort: absent and not executable mean the same here.
    return false
  }
}
