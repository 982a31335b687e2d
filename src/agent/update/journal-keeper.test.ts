import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog } from '../../base/log.ts'
import { EMPTY_JOURNAL } from './journal.ts'
import { JournalKeeper } from './journal-keeper.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('writes a journal that it could not read anew, and once', () => {
  const path = join(folder, 'update.json')
  writeFileSync(path, 'what a bad sector left')
  const keeper = new JournalKeeper(path, silentLog)
  keeper.catchUp()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(EMPTY_JOURNAL)
  rmSync(path)
  keeper.catchUp()
  expect(existsSync(path)).toBe(false)
})

it('writes nothing where there is no journal, and none is needed', () => {
  const path = join(folder, 'update.json')
  new JournalKeeper(path, silentLog).catchUp()
  expect(existsSync(path)).toBe(false)
})
