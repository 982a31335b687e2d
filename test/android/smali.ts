/**
 * Reads smali (github.com/google/smali, its grammar) as far as the app in `android/` is written in
 * it, for tests alone: no Android runtime is here that could run the app.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Instruction = {
  readonly op: string
  readonly words: readonly string[]
  readonly line: string
}

export type MethodRef = {
  readonly owner: string
  readonly name: string
  readonly parameters: readonly string[]
  readonly returns: string
}

type Guard = {
  /** Null: whatever is thrown. */
  readonly type: string | null
  readonly from: number
  readonly to: number
  readonly handler: number
}

export type Method = MethodRef & {
  readonly isStatic: boolean
  readonly locals: number
  readonly instructions: readonly Instruction[]
  readonly labels: ReadonlyMap<string, number>
  readonly guards: readonly Guard[]
  readonly switches: ReadonlyMap<string, ReadonlyMap<number, string>>
}

export type Class = {
  readonly type: string
  readonly parent: string
  readonly methods: ReadonlyMap<string, Method>
}

export function keyOf({ name, parameters }: Pick<MethodRef, 'name' | 'parameters'>): string {
  return `${name}(${parameters.join('')})`
}

export function readClasses(folder: string): ReadonlyMap<string, Class> {
  const classes = readdirSync(folder).map((file) =>
    readClass(readFileSync(join(folder, file), 'utf8')),
  )
  return new Map(classes.map((each) => [each.type, each]))
}

function readClass(text: string): Class {
  const word = (directive: string) =>
    new RegExp(`^\\.${directive} (?:.* )?(L[^ ]+;)$`, 'm').exec(text)?.[1] ?? ''
  const type = word('class')
  const bodies = text.matchAll(/^\.method (.*)\n([\s\S]*?)^\.end method/gm)
  const methods = [...bodies].map(([, head = '', body = '']) => readMethod(type, head, body))
  return {
    type,
    parent: word('super'),
    methods: new Map(methods.map((each) => [keyOf(each), each])),
  }
}

function readMethod(owner: string, head: string, body: string): Method {
  const words = head.split(' ')
  const read = new Body()
  for (const line of body.split('\n').map((each) => each.trim())) {
    if (line !== '' && !line.startsWith('#')) read.take(line)
  }
  const at = (name: string) => read.labels.get(name) ?? fail(`no label ${name}`)
  const guards = read.guards.map(([type, from, to, handler]) => {
    return { type, from: at(from), to: at(to), handler: at(handler) }
  })
  const { locals, instructions, labels, switches } = read
  const ref = readRef(`${owner}->${words.at(-1)}`)
  return {
    ...ref,
    isStatic: words.includes('static'),
    locals,
    instructions,
    labels,
    switches,
    guards,
  }
}

/** What is between `.method` and `.end method`, line by line. */
class Body {
  locals = 0
  readonly instructions: Instruction[] = []
  readonly labels = new Map<string, number>()
  readonly switches = new Map<string, Map<number, string>>()
  readonly guards: (readonly [string | null, string, string, string])[] = []
  #label = ''
  #cases: Map<number, string> | null = null

  take(line: string): void {
    if (line.startsWith(':')) {
      this.#label = line
      this.labels.set(line, this.instructions.length)
    } else if (line.startsWith('.')) this.#direct(line)
    else if (this.#cases !== null) {
      const [value = '', target = ''] = line.split(' -> ')
      this.#cases.set(Number(value), target)
    } else this.instructions.push(readInstruction(line))
  }

  #direct(line: string): void {
    const guard = /^\.catch(?:all| (\S+)) \{(\S+) \.\. (\S+)\} (\S+)$/.exec(line)
    const [, type = null, from = '', to = '', handler = ''] = guard ?? []
    if (guard !== null) this.guards.push([type, from, to, handler])
    else if (line.startsWith('.locals ')) this.locals = Number(line.slice(8))
    else if (line === '.end sparse-switch') this.#cases = null
    else if (line === '.sparse-switch') {
      this.#cases = new Map()
      this.switches.set(this.#label, this.#cases)
    } else fail(`no directive ${line}`)
  }
}

/** `op {a, b}, c` and `op a, "text"` to words. */
function readInstruction(line: string): Instruction {
  const [, op = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? []
  const words = rest.match(/\{[^}]*\}|"(?:[^"\\]|\\.)*"|[^\s,]+/g) ?? []
  return { op, words, line }
}

export function readRef(text: string): MethodRef {
  const [, owner = '', name = '', inside = '', returns = ''] =
    /^(\S+?)->([^(]+)\((.*)\)(\S+)$/.exec(text) ?? []
  return { owner, name, parameters: inside.match(/\[*(?:L[^;]+;|[A-Z])/g) ?? [], returns }
}

export function isWide(type: string): boolean {
  return type === 'J' || type === 'D'
}

/** Of a method's arguments, `this` included. */
export function argumentWords({ parameters }: MethodRef, isStatic: boolean): number {
  const own = isStatic ? 0 : 1
  return parameters.reduce((sum, type) => sum + (isWide(type) ? 2 : 1), own)
}

export function fail(why: string): never {
  throw new Error(why)
}
