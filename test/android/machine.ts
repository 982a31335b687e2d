/**
 * Runs smali: registers, branches, exceptions and calls as the Dalvik bytecode's document has them
 * (source.android.com, "Dalvik bytecode format"). Stricter than a runtime needs to be, in place of
 * its verifier: a register that was not set, a result that is moved as another type, and a call of
 * what the framework's stand-in does not have all end the test.
 */
import {
  argumentWords,
  type Class,
  fail,
  type Instruction,
  isWide,
  keyOf,
  type Method,
  type MethodRef,
  readRef,
} from './smali.ts'

/** Numbers for everything up to 32 bits, `bigint` for 64, null, strings, and objects. */
export type Value = number | bigint | string | null | object | undefined

/** What the framework offers: `Class.method/arguments`, `this` first; and fields `Class.field`. */
export type Framework = {
  readonly calls: Readonly<Record<string, (...values: never[]) => unknown>>
  readonly fields: Readonly<Record<string, Value>>
  /** A type and those above it. */
  readonly above: Readonly<Record<string, string>>
}

/** An object of the app, or one that is thrown. */
export type Thing = { readonly type: string; readonly fields: Map<string, Value> }

/** Something that was thrown inside. */
export class Thrown extends Error {
  readonly value: Thing

  constructor(value: Thing) {
    super(`${value.type}: ${String(value.fields.get('message'))}`)
    this.value = value
  }
}

/** With whatever else belongs to it. */
export function made<Extra extends object>(type: string, extra: Extra): Thing & Extra {
  return { type, fields: new Map(), ...extra }
}

export function part(bytes: Int8Array, from: number, length: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, length)
}

/** As the framework throws. */
export function thrown(type: string, message: string): Thrown {
  return new Thrown({ type, fields: new Map([['message', message]]) })
}

export function simpleName(type: string): string {
  return type.replace(/^L.*\//, '').replace(/;$/, '')
}

export class Machine {
  readonly #classes: ReadonlyMap<string, Class>
  readonly #framework: Framework
  readonly #statics = new Map<string, Value>()
  readonly #begun = new Set<string>()
  readonly #ran: Set<string>

  /** Puts the name of each method that it runs into `ran`. */
  constructor(classes: ReadonlyMap<string, Class>, framework: Framework, ran: Set<string>) {
    this.#ran = ran
    this.#classes = classes
    this.#framework = framework
  }

  async call(type: string, name: string, ...values: readonly Value[]): Promise<Value> {
    const found = [...(this.#classes.get(type)?.methods.values() ?? [])].find(
      (method) => method.name === name,
    )
    return await this.#run(found ?? fail(`no ${type}->${name}`), values)
  }

  async #run(method: Method, values: readonly Value[]): Promise<Value> {
    await this.#begin(method.owner)
    this.#ran.add(`${simpleName(method.owner)}.${method.name}`)
    const frame = new Frame(method, values)
    for (;;) {
      const at = frame.next
      const instruction = method.instructions[at] ?? fail(`${method.name} has no end`)
      frame.next += 1
      try {
        const done = await this.#step(frame, instruction)
        if (done !== null) return done.value
      } catch (error) {
        if (!(error instanceof Thrown)) throw inPlace(error, method, instruction)
        const guard = method.guards.find(
          ({ type, from, to }) =>
            from <= at && at < to && (type === null || this.#isA(error.value, type)),
        )
        if (guard === undefined) throw error
        frame.thrown = error.value
        frame.next = guard.handler
      }
    }
  }

  /** A class is begun before its first method runs. */
  async #begin(type: string): Promise<void> {
    if (this.#begun.has(type)) return
    this.#begun.add(type)
    const initialiser = this.#classes.get(type)?.methods.get('<clinit>()')
    if (initialiser !== undefined) await this.#run(initialiser, [])
  }

  async #step(frame: Frame, instruction: Instruction): Promise<{ readonly value: Value } | null> {
    const { op, words } = instruction
    const [first = '', second = '', third = ''] = words
    if (op.startsWith('invoke-')) return await this.#invoke(frame, instruction)
    if (op.startsWith('return'))
      return { value: op === 'return-void' ? undefined : frame.get(first) }
    if (op === 'throw') throw new Thrown(thing(frame.get(first)))
    if (op === 'new-instance') frame.set(first, { type: second, fields: new Map() })
    else if (op === 'const-class') frame.set(first, { type: second, fields: new Map() })
    else if (op === 'check-cast') this.#cast(frame.get(first), second)
    else if (op === 'instance-of')
      frame.set(first, this.#isA(thing(frame.get(second)), third) ? 1 : 0)
    else if (op.startsWith('sget')) frame.set(first, await this.#static(second))
    else if (op.startsWith('sput')) this.#statics.set(second, frame.get(first))
    else if (op.startsWith('iget'))
      frame.set(first, thing(frame.get(second)).fields.get(fieldOf(third)))
    else if (op.startsWith('iput'))
      thing(frame.get(second)).fields.set(fieldOf(third), frame.get(first))
    else frame.step(instruction)
    return null
  }

  async #invoke(frame: Frame, { op, words }: Instruction): Promise<null> {
    const [list = '', target = ''] = words
    const ref = readRef(target)
    const registers = registersIn(list)
    const isStatic = op === 'invoke-static'
    if (registers.length !== argumentWords(ref, isStatic)) fail('another number of arguments')
    const values = frame.arguments(
      registers,
      isStatic ? ref.parameters : [ref.owner, ...ref.parameters],
    )
    if (!isStatic && values[0] === null) throw thrown('Ljava/lang/NullPointerException;', target)
    const own = this.#methodOf(ref)
    frame.result = {
      type: ref.returns,
      value: own === undefined ? await this.#outside(ref, values) : await this.#run(own, values),
    }
    return null
  }

  #methodOf(ref: MethodRef): Method | undefined {
    return this.#classes.get(ref.owner)?.methods.get(keyOf(ref))
  }

  async #outside(ref: MethodRef, values: readonly Value[]): Promise<Value> {
    const isStatic = values.length === ref.parameters.length
    const name = `${simpleName(ref.owner)}.${ref.name}/${ref.parameters.length}`
    const call = this.#framework.calls[name] ?? fail(`the stand-in has no ${name}`)
    const types = isStatic ? ref.parameters : [ref.owner, ...ref.parameters]
    const shown = values.map((value, index) => outward(value, types[index] ?? ''))
    return inward(await (call as (...all: unknown[]) => unknown)(...shown), ref.returns)
  }

  async #static(field: string): Promise<Value> {
    const [type = ''] = field.split('->')
    await this.#begin(type)
    if (this.#statics.has(field)) return this.#statics.get(field)
    const name = `${simpleName(type)}.${fieldOf(field)}`
    const { fields } = this.#framework
    return name in fields ? fields[name] : fail(`the stand-in has no ${name}`)
  }

  #cast(value: Value, type: string): void {
    if (value === null || value === 0) return
    if (!this.#isA(thing(value), type)) throw thrown('Ljava/lang/ClassCastException;', type)
  }

  #isA(value: Thing, type: string): boolean {
    for (let each: string | undefined = value.type; each !== undefined; ) {
      if (each === type) return true
      each = this.#classes.get(each)?.parent ?? this.#framework.above[each]
    }
    return false
  }
}

/** The registers of one call, and where it is. */
class Frame {
  next = 0
  thrown: Thing | null = null
  result: { readonly type: string; readonly value: Value } | null = null
  readonly #method: Method
  readonly #registers = new Map<string, Value>()

  constructor(method: Method, values: readonly Value[]) {
    this.#method = method
    const types = method.isStatic ? method.parameters : [method.owner, ...method.parameters]
    let at = 0
    for (const [index, type] of types.entries()) {
      this.#registers.set(`p${at}`, values[index])
      at += isWide(type) ? 2 : 1
    }
  }

  get(register: string): Value {
    const value = this.#registers.get(register)
    return value === undefined ? fail(`${register} was not set`) : value
  }

  set(register: string, value: Value): void {
    if (value === undefined) fail(`${register} is set to nothing`)
    const [, kind = '', number = ''] = /^([vp])(\d+)$/.exec(register) ?? []
    if (kind === 'v' && Number(number) >= this.#method.locals)
      fail(`${register} is beyond the locals`)
    this.#registers.set(register, value)
    // A wide value takes the next one, too.
    if (typeof value === 'bigint') this.#registers.delete(`${kind}${Number(number) + 1}`)
  }

  /** Wide ones name both their registers. */
  arguments(registers: readonly string[], types: readonly string[]): Value[] {
    let at = 0
    return types.map((type) => {
      const value = this.get(registers[at] ?? '')
      at += isWide(type) ? 2 : 1
      if (isWide(type) !== (typeof value === 'bigint')) fail(`${type} is given something else`)
      const isReference = type.startsWith('L') || type.startsWith('[')
      if (isReference && typeof value === 'number' && value !== 0) fail(`${type} is given a number`)
      if (!isReference && !isWide(type) && typeof value !== 'number')
        fail(`${type} is given no number`)
      return isReference && value === 0 ? null : value
    })
  }

  #number(word: string): number {
    const value = /^[vp]\d+$/.test(word) ? this.get(word) : literal(word)
    return typeof value === 'number' ? value : fail(`${word} is no number`)
  }

  #wide(register: string): bigint {
    const value = this.get(register)
    return typeof value === 'bigint' ? value : fail(`${register} is not wide`)
  }

  step({ op, words }: Instruction): void {
    const [first = '', second = '', third = ''] = words
    if (op === 'goto') this.#jump(first)
    else if (op.startsWith('if-')) this.#branch(op, words)
    else if (op === 'sparse-switch') this.#switch(first, second)
    else if (op.startsWith('const')) this.set(first, constant(op, second))
    else if (op.startsWith('move-')) this.#move(op, first)
    else if (op.startsWith('monitor-')) this.get(first)
    else if (op === 'array-length') this.set(first, arrayIn(this.get(second)).length)
    else if (op === 'new-array') this.set(first, newArray(this.#number(second), third))
    else if (op.startsWith('aget')) this.set(first, arrayIn(this.get(second))[this.#number(third)])
    else this.set(first, this.#sum(op, words))
  }

  #sum(op: string, [first = '', second = '', third = '']: readonly string[]): Value {
    const withLiteral = LITERAL[op]
    if (withLiteral !== undefined) return withLiteral(this.#number(second), literal(third))
    if (op === 'add-int/2addr') return (this.#number(first) + this.#number(second)) | 0
    if (op === 'int-to-long') return BigInt(this.#number(second))
    if (op === 'add-long') return this.#wide(second) + this.#wide(third)
    if (op === 'mul-long') return this.#wide(second) * this.#wide(third)
    if (op === 'cmp-long') return compare(this.#wide(second), this.#wide(third))
    return fail(`no instruction ${op}`)
  }

  #jump(label: string): void {
    this.next = this.#method.labels.get(label) ?? fail(`no label ${label}`)
  }

  #branch(op: string, words: readonly string[]): void {
    const isZero = op.endsWith('z')
    const left = this.get(words[0] ?? '')
    const right = isZero ? 0 : this.get(words[1] ?? '')
    // Null is zero.
    const holds = (TESTS[op.slice(3, 5)] ?? fail(op))(left ?? 0, right ?? 0)
    if (holds) this.#jump(words[isZero ? 1 : 2] ?? '')
  }

  #switch(register: string, table: string): void {
    const target = this.#method.switches.get(table)?.get(this.#number(register))
    if (target !== undefined) this.#jump(target)
  }

  #move(op: string, register: string): void {
    if (op === 'move-exception') {
      this.set(register, this.thrown ?? fail('nothing was thrown'))
      return
    }
    const { type, value } = this.result ?? fail('nothing was returned')
    const kind = isWide(type) ? '-wide' : /^[L[]/.test(type) ? '-object' : type === 'V' ? '?' : ''
    if (op !== `move-result${kind}`) fail(`${op} of ${type}`)
    this.set(register, value)
    this.result = null
  }
}

function constant(op: string, word: string): Value {
  if (op === 'const-string') return JSON.parse(word)
  return op.startsWith('const-wide') ? BigInt(literal(word)) : literal(word)
}

function literal(word: string): number {
  const value = word.startsWith('-') ? -Number(word.slice(1)) : Number(word)
  return Number.isInteger(value) ? value : fail(`${word} is no number`)
}

type Test = (left: unknown, right: unknown) => boolean
const TESTS: Readonly<Record<string, Test>> = {
  eq: (left, right) => left === right,
  ne: (left, right) => left !== right,
  lt: (left, right) => Number(left) < Number(right),
  le: (left, right) => Number(left) <= Number(right),
  gt: (left, right) => Number(left) > Number(right),
  ge: (left, right) => Number(left) >= Number(right),
}

const LITERAL: Readonly<Record<string, (left: number, right: number) => number>> = {
  'add-int/lit8': (left, right) => (left + right) | 0,
  'and-int/lit8': (left, right) => left & right,
  'shr-int/lit8': (left, right) => left >> right,
}

function compare(left: bigint, right: bigint): number {
  return left === right ? 0 : left < right ? -1 : 1
}

export function registersIn(list: string): string[] {
  const inside = list.slice(1, -1).trim()
  const [, first, last] = /^v(\d+) \.\. v(\d+)$/.exec(inside) ?? []
  if (first === undefined) return inside === '' ? [] : inside.split(/,\s*/)
  return Array.from(
    { length: Number(last) - Number(first) + 1 },
    (_, at) => `v${Number(first) + at}`,
  )
}

function newArray(length: number, type: string): Int8Array | Value[] {
  return type === '[B' ? new Int8Array(length) : new Array<Value>(length).fill(null)
}

function arrayIn(value: Value): Int8Array | readonly Value[] {
  if (value instanceof Int8Array || Array.isArray(value)) return value
  return fail('no array')
}

function thing(value: Value): Thing {
  const isThing =
    typeof value === 'object' && value !== null && 'type' in value && 'fields' in value
  return isThing ? (value as Thing) : fail('no object') // It has both.
}

function fieldOf(reference: string): string {
  return /->(\w+):/.exec(reference)?.[1] ?? fail(`no field ${reference}`)
}

function outward(value: Value, type: string): unknown {
  if (type === 'Z') return value === 1
  return type === 'C' ? String.fromCharCode(Number(value)) : value
}

function inward(value: unknown, type: string): Value {
  if (type === 'V') return undefined
  if (type === 'Z') return value === true ? 1 : 0
  if (type === 'C') return String(value).charCodeAt(0)
  return (value ?? null) as Value // A stand-in gives what its method returns.
}

function inPlace(error: unknown, method: Method, instruction: Instruction): Error {
  if (error instanceof Error && error.message.includes(' at ')) return error
  const where = `${simpleName(method.owner)}.${method.name}: ${instruction.line}`
  return new Error(`${error instanceof Error ? error.message : String(error)} at ${where}`, {
    cause: error,
  })
}
