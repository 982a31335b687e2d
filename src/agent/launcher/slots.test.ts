import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../base/log.ts'
import { LINE_BYTES_MAX } from './control.ts'
import { nextMove } from './next-move.ts'
import {
  committed,
  loadSlots,
  NO_SLOTS,
  rolledBack,
  type Slots,
  saveSlots,
  switched,
} from './slots.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-slots-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const active = { manifest_digest: '1'.repeat(64), version: '1.0.0.0' }
const next = { manifest_digest: '2'.repeat(64), version: '2.0.0.0' }
const settled: Slots = { ...NO_SLOTS, active }
const trying = switched(settled, next, { attemptId: 'a'.repeat(32), probationS: 60 })
const wayBack = nextMove(trying, {
  now: 1,
  seed: null,
  followsImage: false,
  damaged: [next.manifest_digest],
  child: null,
  startNotBefore: 0,
  probationSince: 0,
  verdict: null,
  stopping: false,
})

describe('what the agent is told', () => {
  it('fits one line of the control line, whatever bad versions said', () => {
    let slots = settled
    for (let turn = 0; turn < 25; turn += 1) {
      const digest = turn.toString(16).padStart(64, '0')
      const bad = { manifest_digest: digest, version: '999999999.999999999.999999999.999999999' }
      const tried = switched(slots, bad, { attemptId: 'a'.repeat(32), probationS: 60 })
      slots = rolledBack(tried, { reason: 'r'.repeat(100), message: '\u0001'.repeat(1000) })
    }
    expect(slots.skip).toHaveLength(20)
    expect(JSON.stringify(slots).length).toBeLessThan(LINE_BYTES_MAX)
  })
})

describe('slots.json', () => {
  it.each([
    ['empty', NO_SLOTS],
    ['settled', settled],
    ['on probation', trying],
    ['committed', committed(trying)],
    ['rolled back', wayBack.kind === 'roll-back' ? rolledBack(trying, wayBack) : NO_SLOTS],
  ])('what is written is read again: %s', (_, slots) => {
    const path = join(folder, 'slots.json')
    saveSlots(path, slots)
    expect(loadSlots(path, silentLog)).toEqual(slots)
  })

  it.each([
    ['cut in the middle', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['of zeros, as a power cut may leave it', (text: string) => '\0'.repeat(text.length)],
    ['of another schema', (text: string) => text.replace('"schema": 1', '"schema": 2')],
  ])('a file that is %s counts as none', (_, damage) => {
    const path = join(folder, 'slots.json')
    saveSlots(path, trying)
    writeFileSync(path, damage(readFileSync(path, 'utf8')))
    expect(loadSlots(path, silentLog)).toEqual(NO_SLOTS)
  })
})
