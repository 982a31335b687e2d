import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SummaryReporter } from './test/summary-reporter.ts'

const ACCEPTANCE = 'test/acceptance/**/*.test.ts'

/**
 * Acceptance tests that have the machine to themselves: they start thirty agents, or measure, or
 * use wine, containers and compilers, which are busy all the time and hold locks of their own.
 */
const ALONE = [
  'blast-radius',
  'cluster-pod',
  'mac-launcher',
  'msi',
  'no-programs',
  'oci',
  'signed-agent',
  'windows-agent',
].map((name) => `test/acceptance/${name}.test.ts`)

const PATIENT = { testTimeout: 300_000, hookTimeout: 300_000 }

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    // Most tests wait for a database or a program for part of their time: one worker alone, as
    // there would be on two cores, leaves a core idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/acceptance/**', 'test/fuzz/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          testTimeout: 400_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance',
          include: [ACCEPTANCE],
          exclude: ALONE,
          // They wait for most of their time, so they do beside each other; after the tests before
          // them, which do not.
          sequence: { groupOrder: 1 },
          ...PATIENT,
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance-alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...PATIENT,
        },
      },
    ],
  },
})
