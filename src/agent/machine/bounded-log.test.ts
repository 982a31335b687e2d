import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../base/bytes.ts'
import { BoundedLog } from './bounded-log.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-log-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a bounded log', () => {
  it('keeps the newest lines, in two files of its bound at most', () => {
    const path = join(folder, 'agent.log')
    const log = new BoundedLog(path, 100)
    for (let line = 0; line < 1000; line += 1) log.write(utf8(`line ${line}\n`))
    expect(readdirSync(folder).sort()).toEqual(['agent.log', 'agent.log.1'])
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(100)
    }
    expect(readFileSync(path, 'utf8')).toMatch(/line 999\n$/)
  })

  it('goes on where an earlier process ended', () => {
    const path = join(folder, 'agent.log')
    new BoundedLog(path, 100).write(utf8('one\n'))
    new BoundedLog(path, 100).write(utf8('two\n'))
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })

  it('stops nobody when it cannot be written, and goes on when it can', () => {
    const path = join(folder, 'later/agent.log')
    const log = new BoundedLog(path, 100)
    log.write(utf8('lost\n'))
    mkdirSync(join(folder, 'later'))
    log.write(utf8('kept\n'))
    expect(readFileSync(path, 'utf8')).toBe('kept\n')
  })
})
