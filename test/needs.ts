/**
 * Tests that need a program of the machine. Where it is missing the test is skipped, and the
 * summary names the test and the program: a skipped test is never silent.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, it } from 'vitest'

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

/**
 * `it`, run only where every program is there: `itNeeds(['dpkg'], 'deb: installs with dpkg', ...)`.
 */
export function itNeeds(
  programs: readonly string[],
  name: string,
  body: () => void | Promise<void>,
): void {
  it(name, (context) => {
    const missing = missingPrograms(programs)
    if (missing.length > 0) context.skip(`needs ${missing.join(', ')}, not on this machine`)
    return body()
  })
}

/** `describe`, likewise; the name says what was missing, because its tests cannot. */
export function describeNeeds(programs: readonly string[], name: string, body: () => void): void {
  const missing = missingPrograms(programs)
  const needs = missing.length > 0 ? ` (needs ${missing.join(', ')}, not on this machine)` : ''
  describe.skipIf(missing.length > 0)(name + needs, body)
}
