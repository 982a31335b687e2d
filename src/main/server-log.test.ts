import { describe, expect, it } from 'vitest'
import { openServerLog } from './server-log.ts'

function written(isTTY: boolean, write: (log: ReturnType<typeof openServerLog>) => void): string {
  let text = ''
  const collect = (line: string) => {
    text += line
  }
  const stream = { isTTY, write: collect }
  write(openServerLog('info', stream))
  return text
}

describe('the server log', () => {
  it('is JSON lines where no person looks', () => {
    const text = written(false, (log) => log.info({ port: 8080 }, 'listening'))
    expect(JSON.parse(text)).toMatchObject({ level: 30, port: 8080, msg: 'listening' })
  })

  it('is short lines on a terminal', () => {
    const text = written(true, (log) => log.warn({ path: '/a b', ms: 1.5 }, 'slow'))
    expect(text).toMatch(/^\d\d:\d\d:\d\d WARN slow path="\/a b" ms=1.5\n$/)
  })

  it('leaves out what is below its level', () => {
    expect(written(false, (log) => log.debug({}, 'answered'))).toBe('')
  })

  it('never holds an authorization, a key or a token', () => {
    const facts = { authorization: 'abc-1', token: 'abc-2', headers: { authorization: 'abc-3' } }
    expect(written(false, (log) => log.info({ ...facts, key: 'abc-4' }, 'oops'))).not.toContain(
      'abc',
    )
  })
})
