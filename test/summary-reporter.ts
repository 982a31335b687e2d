/**
 * Ends every run with one line that scripts can rely on, `N passed, N failed, N skipped`, and names
 * each skipped test with what it needed before that. A test file that could not be loaded and an
 * error outside any test count as failures, so that the line never says better than the truth.
 */
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

export type Skipped = { readonly name: string; readonly reason: string }
export type Tally = {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly Skipped[]
}

export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const text = renderTally(tally(modules, errors.length))
    // Written as the process ends: the runner's own summary comes after its reporters, and this
    // line is last.
    process.once('exit', () => process.stdout.write(text))
  }
}

function tally(modules: readonly TestModule[], errorsOutsideTests: number): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const failedAround = modules.reduce((count, module) => count + errorsAround(module), 0)
  const inState = (state: string) => tests.filter((test) => test.result().state === state)
  return {
    passed: inState('passed').length,
    failed: inState('failed').length + failedAround + errorsOutsideTests,
    skipped: [...inState('skipped'), ...inState('pending')].map(describeSkipped),
  }
}

/** Errors of loading a file and of the hooks around its tests: no test carries them. */
function errorsAround(module: TestModule): number {
  const suites = [...module.children.allSuites()]
  return [module, ...suites].reduce((count, task) => count + task.errors().length, 0)
}

function describeSkipped(test: TestCase): Skipped {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  const inName = /\((needs [^)]+)\)/.exec(test.fullName)?.[1]
  return { name: test.fullName, reason: note ?? inName ?? 'the test gives no reason' }
}

export function renderTally(counts: Tally): string {
  const named = counts.skipped.map(({ name, reason }) => `SKIPPED  ${name}: ${reason}\n`)
  const { passed, failed, skipped } = counts
  return `\n${named.join('')}${passed} passed, ${failed} failed, ${skipped.length} skipped\n`
}
