import { describe, expect, it } from 'vitest'
import {
  agentMessage,
  LINE_BYTES_MAX,
  LineReader,
  launcherMessage,
  parseLine,
  writeLine,
} from './control.ts'

function read(pieces: readonly string[]) {
  const lines: string[] = []
  let tooLong = 0
  const reader = new LineReader(
    (line) => lines.push(line),
    () => {
      tooLong += 1
    },
  )
  for (const piece of pieces) reader.push(piece)
  return { lines, tooLong }
}

describe('LineReader', () => {
  it.each<[string, string[], string[]]>([
    ['one line', ['a\n'], ['a']],
    ['a line in pieces', ['a', 'b', 'c\n'], ['abc']],
    ['lines in one piece', ['a\nb\nc'], ['a', 'b']],
    ['empty lines are passed over', ['\n\na\n'], ['a']],
  ])('%s', (_, pieces, lines) => {
    expect(read(pieces)).toEqual({ lines, tooLong: 0 })
  })

  it('gives up, once, on a line without end, and keeps none of it', () => {
    const endless = 'x'.repeat(LINE_BYTES_MAX)
    expect(read([endless, 'x', 'x', '\n{}\n'])).toEqual({ lines: [], tooLong: 1 })
  })
})

describe('parseLine', () => {
  it('reads what was written', () => {
    const message = { kind: 'unhealthy', reason: 'payload-exited', message: 'it ended' } as const
    expect(parseLine(writeLine(message), agentMessage)).toEqual(message)
  })

  it.each([
    ['a kind of a later version', '{"kind":"sing"}'],
    ['a library that prints', 'Debugger listening'],
    ['a switch without a digest', '{"kind":"switch","attempt_id":"a"}'],
    ['a path for a digest', `{"kind":"forget-skip","manifest_digest":"${'../'.repeat(21)}x"}`],
  ])('passes over %s', (_, line) => {
    expect(parseLine(line, agentMessage)).toBeNull()
  })

  it('passes over a field of a later version and takes the message', () => {
    const line = '{"kind":"hello","protocol":2,"version":"1.0.0.0","mood":"good"}'
    expect(parseLine(line, agentMessage)).toMatchObject({ kind: 'hello', protocol: 2 })
  })

  it('passes over it wherever it stands: an older agent must hear a newer launcher', () => {
    const active = { manifest_digest: '1'.repeat(64), version: '1.0.0.0', since: 7 }
    const skip = [{ ...active, reason: 'exited', message: 'it ended', at: 7 }]
    const outcome = {
      attempt_id: null,
      ...active,
      result: 'succeeded',
      reason: null,
      message: null,
    }
    const slots = { protocol: 1, active, backup: active, kept: [], probation: null, skip, outcome }
    const line = JSON.stringify({ kind: 'slots', ...slots })
    expect(parseLine(line, launcherMessage)).toMatchObject({ active: { version: '1.0.0.0' } })
  })
})
