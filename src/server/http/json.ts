/**
 * JSON as RFC 8259 has it, read strictly. Why not only `JSON.parse`: the public API names the line
 * and column of what is wrong, and a key that is there twice is refused, because whoever checked
 * the first one did not see the second. Objects have no prototype, so `__proto__` is a key like any
 * other. Strings with U+0000 or half of a surrogate pair are refused too: the database cannot hold
 * them.
 */
import { accept, type Result, refuse } from '../../base/result.ts'

export type MalformedJson = {
  readonly code: 'malformed-json'
  /** Both count from 1; a column is a UTF-16 code unit. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Deeper than any request of ours, far less deep than any stack. */
export const JSON_DEPTH_MAX = 32

const decoder = new TextDecoder('utf-8', { fatal: true })

export function parseJsonBytes(bytes: Uint8Array): Result<unknown, MalformedJson> {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    const lenient = new TextDecoder().decode(bytes)
    return refuse(placed(lenient, Math.max(lenient.indexOf('\uFFFD'), 0), 'not UTF-8'))
  }
  return parseJson(text)
}

export function parseJson(text: string): Result<unknown, MalformedJson> {
  try {
    return accept(new JsonText(text).whole())
  } catch (error) {
    if (!(error instanceof Flaw)) throw error
    return refuse(placed(text, error.at, error.message))
  }
}

/**
 * The fast way, for hot paths whose schemas refuse unknown keys anyway; the same message when it is
 * malformed. What is nested deeply never reaches `JSON.parse`: that of Node 26.10 ends the whole
 * process on some texts of several thousand levels.
 */
export function parseJsonFast(bytes: Uint8Array): Result<unknown, MalformedJson> {
  if (isDeep(bytes)) return parseJsonBytes(bytes)
  try {
    const text = decoder.decode(bytes)
    if (UNSTORABLE_ESCAPE.test(text)) return parseJson(text)
    const value: unknown = JSON.parse(text)
    return accept(value)
  } catch {
    const strict = parseJsonBytes(bytes)
    return strict.ok ? refuse(placed('', 0, 'malformed JSON')) : strict
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether anything is nested more than `JSON_DEPTH_MAX` deep; brackets in strings do not count. */
function isDeep(bytes: Uint8Array): boolean {
  let depth = 0
  let isInString = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (isInString) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) isInString = false
    } else if (byte === QUOTE) isInString = true
    else depth += stepOf(byte)
    if (depth > JSON_DEPTH_MAX) return true
  }
  return false
}

/** Into brackets or braces, or out of them. */
function stepOf(byte: number | undefined): number {
  if (byte === 0x5b || byte === 0x7b) return 1
  return byte === 0x5d || byte === 0x7d ? -1 : 0
}

/** Of U+0000, or of a surrogate, which may be half of a pair. */
const UNSTORABLE_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/

function placed(text: string, at: number, message: string): MalformedJson {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return { code: 'malformed-json', line, column: at - before.lastIndexOf('\n'), message }
}

class Flaw extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** Everything but control characters, the double quote and the backslash. */
const PLAIN = /[ !#-[\]-\uffff]*/y
const SPACE = /[ \t\n\r]*/y
const WORD = /[A-Za-z]+/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class JsonText {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): unknown {
    this.#take(SPACE)
    const value = this.#value()
    this.#take(SPACE)
    if (this.#at < this.#text.length) this.#fail('the end of the text')
    return value
  }

  #value(): unknown {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object())
      case '[':
        return this.#nested(() => this.#array())
      case '"':
        return this.#string()
      default:
        return this.#scalar()
    }
  }

  #nested<Value>(parse: () => Value): Value {
    this.#depth += 1
    if (this.#depth > JSON_DEPTH_MAX) {
      throw new Flaw(this.#at, `nested more than ${JSON_DEPTH_MAX} deep`)
    }
    const value = parse()
    this.#depth -= 1
    return value
  }

  #object(): unknown {
    const object: Record<string, unknown> = Object.create(null)
    this.#members('}', () => {
      const keyAt = this.#at
      if (this.#text[keyAt] !== '"') this.#fail('a key in double quotes')
      const key = this.#string()
      if (key in object) throw new Flaw(keyAt, `the key ${JSON.stringify(key)} is there twice`)
      this.#take(SPACE)
      if (this.#text[this.#at] !== ':') this.#fail("':'")
      this.#at += 1
      this.#take(SPACE)
      object[key] = this.#value()
    })
    return object
  }

  #array(): unknown[] {
    const array: unknown[] = []
    this.#members(']', () => array.push(this.#value()))
    return array
  }

  /** What stands between the brackets, separated by commas. */
  #members(end: '}' | ']', member: () => void): void {
    this.#at += 1
    this.#take(SPACE)
    if (this.#text[this.#at] === end) {
      this.#at += 1
      return
    }
    for (;;) {
      member()
      this.#take(SPACE)
      const next = this.#text[this.#at]
      if (next !== ',' && next !== end) this.#fail(`',' or '${end}'`)
      this.#at += 1
      if (next === end) return
      this.#take(SPACE)
    }
  }

  #string(): string {
    const start = this.#at
    this.#at += 1
    let value = ''
    for (;;) {
      value += this.#take(PLAIN)
      const next = this.#text[this.#at]
      if (next === '"') {
        this.#at += 1
        if (value.includes('\0') || !value.isWellFormed()) {
          throw new Flaw(start, 'a string with U+0000 or half of a surrogate pair')
        }
        return value
      }
      if (next === undefined) this.#fail('the end of the string')
      if (next !== '\\') throw new Flaw(this.#at, 'a control character in a string')
      value += this.#escape()
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? ''
    const simple = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined
    if (simple !== undefined) {
      this.#at += 2
      return simple
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 6)
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) {
      throw new Flaw(this.#at, 'no such escape in a string')
    }
    this.#at += 6
    return String.fromCharCode(Number.parseInt(hex, 16))
  }

  #scalar(): unknown {
    const start = this.#at
    const digits = this.#take(NUMBER)
    if (digits !== '') return Number(digits)
    const word = this.#take(WORD)
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null') return null
    this.#at = start
    return this.#fail('a value')
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const taken = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += taken.length
    return taken
  }

  #fail(expected: string): never {
    const found = this.#text.slice(this.#at, this.#at + 10)
    const what = found === '' ? 'the end of the text' : `'${found.split(/\s/)[0] || found[0]}'`
    throw new Flaw(this.#at, `expected ${expected}, found ${what}`)
  }
}
