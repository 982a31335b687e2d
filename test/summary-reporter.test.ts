import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { renderTally } from './summary-reporter.ts'

describe('renderTally', () => {
  it('ends with the three counts on a line of their own', () => {
    const text = renderTally({ passed: 12, failed: 0, skipped: [] })
    expect(text.split('\n').at(-2)).toBe('12 passed, 0 failed, 0 skipped')
  })

  it('names each skipped test with its reason', () => {
    const skipped = [{ name: 'deb > installs', reason: 'needs dpkg' }]
    const text = renderTally({ passed: 1, failed: 2, skipped })
    expect(text).toContain('SKIPPED  deb > installs: needs dpkg\n')
    expect(text.endsWith('1 passed, 2 failed, 1 skipped\n')).toBe(true)
  })
})

describe('SummaryReporter', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the runner on its own over these files; what it wrote, line by line. */
  function linesOfRun(files: Readonly<Record<string, string>>): string[] {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-summary-'))
    folders.push(folder)
    const reporter = join(import.meta.dirname, 'summary-reporter.ts')
    const config = `import { SummaryReporter } from ${JSON.stringify(reporter)}
      const reporters = ['default', new SummaryReporter()]
      export default { test: { globals: true, include: ['*.test.ts'], reporters } }`
    writeFileSync(join(folder, 'vitest.config.ts'), config)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const runner = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs')
    const run = spawnSync(process.execPath, [runner, 'run', '--root', folder], { encoding: 'utf8' })
    return run.stdout.trimEnd().split('\n')
  }

  it('counts what passed, failed and was skipped, and says why, last of all', () => {
    const lines = linesOfRun({
      'a.test.ts': `
        it('passes', () => {})
        it('fails', () => { throw new Error('no') })
        it('skips', (context) => context.skip('needs a moon, not on this machine'))
        describe.skip('some (needs a sun)', () => { it('skips too', () => {}) })`,
      'b.test.ts': `
        console.warn('skipped: dpkg is missing')
        it.skip('installs', () => {})`,
    })
    expect(lines.slice(-4)).toEqual([
      'SKIPPED  skips: needs a moon, not on this machine',
      expect.stringContaining('skips too: needs a sun'),
      'SKIPPED  installs: missing on this machine: dpkg',
      '1 passed, 1 failed, 3 skipped',
    ])
  })

  it.each([
    ['a file that cannot be loaded', "import './not-there.ts'\nit('x', () => {})"],
    ['a hook that fails', "beforeAll(() => { throw new Error('no') })\nit('x', () => {})"],
    ['an error outside any test', "it('x', () => { void Promise.reject(new Error('no')) })"],
  ])('counts %s as a failure', (_what, text) => {
    expect(linesOfRun({ 'a.test.ts': text }).at(-1)).toMatch(/^\d passed, 1 failed, \d skipped$/)
  })
})
