import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../base/bytes.ts'
import { JSON_DEPTH_MAX, parseJson, parseJsonBytes, parseJsonFast } from './json.ts'

describe('parseJson', () => {
  const rows = [
    ['a missing comma', '{"a": 1 "b": 2}', 1, 9, `expected ',' or '}', found '"b":'`],
    ['a bare word', '{"request_data": |alter2', 1, 18, "expected a value, found '|alter2'"],
    [
      'the line is counted',
      '{\n  "a": 1,\n  b: 2}',
      3,
      3,
      "expected a key in double quotes, found 'b:'",
    ],
    [
      'an unended string',
      '"abc',
      1,
      5,
      'expected the end of the string, found the end of the text',
    ],
    ['an unended array', '[1,', 1, 4, 'expected a value, found the end of the text'],
    ['more than one value', '{} {}', 1, 4, "expected the end of the text, found '{}'"],
    ['an empty text', ' ', 1, 2, 'expected a value, found the end of the text'],
    ['a trailing comma', '[1,]', 1, 4, "expected a value, found ']'"],
    ['a leading zero', '01', 1, 2, "expected the end of the text, found '1'"],
    ['a raw line feed in a string', '"a\nb"', 1, 3, 'a control character in a string'],
    ['an unknown escape', '"\\x"', 1, 2, 'no such escape in a string'],
    ['an escape named like a property', '"\\constructor"', 1, 2, 'no such escape in a string'],
    ['half a unicode escape', '"\\u12"', 1, 2, 'no such escape in a string'],
    ['a key twice', '{"a":1,"a":2}', 1, 8, 'the key "a" is there twice'],
    ['U+0000', '["a\\u0000"]', 1, 2, 'a string with U+0000 or half of a surrogate pair'],
    ['half a pair', '"\\ud83d!"', 1, 1, 'a string with U+0000 or half of a surrogate pair'],
    ['NaN', 'NaN', 1, 1, "expected a value, found 'NaN'"],
  ] as const
  it.each(rows)('tells where and what: %s', (_name, text, line, column, message) => {
    expect(parseJson(text)).toEqual({
      ok: false,
      refusal: { code: 'malformed-json', line, column, message },
    })
  })

  it('refuses what is nested too deep, however deep it is', () => {
    const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(parseJson(deep(JSON_DEPTH_MAX)).ok).toBe(true)
    expect(parseJson(deep(JSON_DEPTH_MAX + 1)).ok).toBe(false)
    expect(parseJson('['.repeat(1_000_000)).ok).toBe(false)
  })

  it('takes __proto__ for a key like any other', () => {
    const outcome = parseJson('{"__proto__": {"polluted": true}}')
    if (!outcome.ok) throw new Error('it is JSON')
    expect(Object.keys(outcome.value as object)).toEqual(['__proto__'])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it('reads whatever JSON.stringify writes, as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.integer({ min: 0, max: 3 }), (text, indent) => {
        const pretty = JSON.stringify(JSON.parse(text), null, indent)
        expect(parseJson(pretty)).toEqual({ ok: true, value: JSON.parse(pretty) })
      }),
    )
  })

  it('agrees with JSON.parse on what is no JSON', () => {
    const pieces = fc.constantFrom(...'{}[]",:0123456789.eE+-tfn\\u ', 'true', 'null', '"a"', '\n')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        const ours = parseJson(text)
        expect(ours.ok || isTwice(ours.refusal)).toBe(isJson(text))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('parseJsonBytes and parseJsonFast', () => {
  it.each([parseJsonBytes, parseJsonFast])('refuse what is no UTF-8, and say where', (parse) => {
    const bytes = Uint8Array.from([...utf8('{\n"a": "'), 0xff, ...utf8('"}')])
    const refusal = { code: 'malformed-json', line: 2, column: 7, message: 'not UTF-8' }
    expect(parse(bytes)).toEqual({ ok: false, refusal })
  })

  it.each([parseJsonBytes, parseJsonFast])('refuse what no database holds', (parse) => {
    for (const text of ['{"a":"\\u0000"}', '{"a":"\\uDC00\\uD800"}']) {
      expect(parse(utf8(text))).toMatchObject({ ok: false, refusal: { column: 6 } })
    }
    expect(parse(utf8('["\\ud83d\\ude00"]'))).toEqual({ ok: true, value: ['😀'] })
  })

  it.each([parseJsonBytes, parseJsonFast])('refuse what is nested deeply', (parse) => {
    const nested = (levels: number) => `${'[{"a":'.repeat(levels)}1${'}]'.repeat(levels)}`
    const most = JSON_DEPTH_MAX / 2
    expect(parse(utf8(nested(most)))).toMatchObject({ ok: true })
    // Of those with many levels some end the process in `JSON.parse` of Node 26.10.
    for (const levels of [most + 1, 300, 20_000]) {
      const refusal = { message: `nested more than ${JSON_DEPTH_MAX} deep` }
      expect(parse(utf8(nested(levels)))).toMatchObject({ ok: false, refusal })
    }
  })

  it.each([parseJsonBytes, parseJsonFast])('count no bracket of a string', (parse) => {
    const text = `${'[{'.repeat(100)}"\\`
    expect(parse(utf8(JSON.stringify([text, 'é[']))).ok).toBe(true)
  })

  it.each([parseJsonBytes, parseJsonFast])('never throw, whatever the bytes', (parse) => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof parse(bytes).ok === 'boolean'))
  })
})

function isTwice(refusal: { readonly message: string }): boolean {
  return refusal.message.endsWith('is there twice')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Best effort: that it throws is what was asked.
    return false
  }
}
