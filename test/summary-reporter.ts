/**
 * Ends every run with one line that scripts can rely on, `N passed, N failed, N skipped`, and
 * before that names each skipped test with what it needed. A test file that could not be loaded and
 * an error outside any test count as failures, so that the line never says better than the truth.
 *
 * What a skipped test needed is known from its own note (`context.skip('needs ...')`), from its
 * name (`(needs root)`), or from the file it is in: `needs` writes which programs are missing
 * there.
 */
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node'

export type Skipped = { readonly name: string; readonly reason: string }
export type Tally = {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly Skipped[]
}

const MISSING = /^skipped: (\S+) is missing$/gm

export class SummaryReporter implements Reporter {
  #vitest: Vitest | null = null
  /** By the id of the test file, what it found missing. */
  readonly #missing = new Map<string, Set<string>>()

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onUserConsoleLog(log: { readonly content: string; readonly taskId?: string }): void {
    const entity = this.#vitest?.state.getReportedEntityById(log.taskId ?? '')
    const file = entity?.type === 'module' ? entity : entity?.module
    for (const [, program = ''] of log.content.matchAll(MISSING)) {
      const programs = this.#missing.get(file?.id ?? '') ?? new Set()
      this.#missing.set(file?.id ?? '', programs.add(program))
    }
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: string) => tests.filter((test) => test.result().state === state)
    const failedAround = modules.reduce((count, module) => count + errorsAround(module), 0)
    const skipped = [...inState('skipped'), ...inState('pending')]
    const text = renderTally({
      passed: inState('passed').length,
      failed: inState('failed').length + failedAround + errors.length,
      skipped: skipped.map((test) => this.#describeSkipped(test)),
    })
    // Written as the process ends: the runner's summary comes after its reporters; this line is
    // last.
    process.once('exit', () => process.stdout.write(text))
  }

  #describeSkipped(test: TestCase): Skipped {
    const result = test.result()
    const note = result.state === 'skipped' ? result.note : undefined
    const inName = /\((needs [^)]+)\)/.exec(test.fullName)?.[1]
    const missing = this.#missing.get(test.module.id)
    const ofFile = missing && `missing on this machine: ${[...missing].join(', ')}`
    return { name: test.fullName, reason: note ?? inName ?? ofFile ?? 'the test gives no reason' }
  }
}

/** Errors of loading a file and of the hooks around its tests: no test carries them. */
function errorsAround(module: TestModule): number {
  const suites = [...module.children.allSuites()]
  return [module, ...suites].reduce((count, task) => count + task.errors().length, 0)
}

export function renderTally(counts: Tally): string {
  const named = counts.skipped.map(({ name, reason }) => `SKIPPED  ${name}: ${reason}\n`)
  const { passed, failed, skipped } = counts
  return `\n${named.join('')}${passed} passed, ${failed} failed, ${skipped.length} skipped\n`
}
