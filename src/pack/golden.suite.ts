import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'vitest'

/** Compares with the reviewed text; `GOLDEN=1` rewrites it, and the diff is reviewed as prose. */
export function expectGolden(file: string, text: string): void {
  if (process.env.GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  expect(text).toBe(readFileSync(file, 'utf8'))
}
