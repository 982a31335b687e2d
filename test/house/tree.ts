/**
 * The repository as the rules see it: every text file of ours, read once; syntax trees on demand.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { isNode, type Node, nodesIn, parse, stringOf, walk } from './ast.ts'

export type TextFile = {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

export type Import = {
  readonly specifier: string
  /** A file of ours, when the specifier is relative. */
  readonly target: string | null
  readonly line: number
}

/** What breaks a rule, where, and what to do instead. */
export type Finding = {
  readonly path: string
  readonly line: number
  readonly problem: string
  readonly instead: string
}

export type Tree = ReadonlyMap<string, TextFile>
export type Rule = (tree: Tree) => Finding[]

export const ROOT = join(import.meta.dirname, '..', '..')

// Not ours, not text, or made here: nothing of it is written by hand.
const FOLDERS_LEFT_OUT = new Set(['node_modules', '.git', 'data', 'build', 'coverage'])
const BINARY = /\.(?:gz|tar|deb|png|ico|woff2|bin|zip|apk|log)$/

export function readTree(root: string = ROOT): Tree {
  const files = new Map<string, TextFile>()
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory() && !FOLDERS_LEFT_OUT.has(path)) visit(path)
      if (!entry.isFile() || BINARY.test(entry.name)) continue
      files.set(path, { path, text: readFileSync(join(root, path), 'utf8') })
    }
  }
  visit('')
  return files
}

/** A tree of snippets, for the rules' own tests. */
export function snippets(files: Readonly<Record<string, string>>): Tree {
  return new Map(Object.entries(files).map(([path, text]) => [path, { path, text }]))
}

export function isCode(path: string): boolean {
  return /\.tsx?$/.test(path)
}

/** Tests, and what only tests use: shared suites, and folders called `testing`. */
export function isTest(path: string): boolean {
  return /\.(?:test|suite)\.tsx?$/.test(path) || /(?:^test|\/testing)\//.test(path)
}

export function codeIn(tree: Tree, prefix = ''): TextFile[] {
  return [...tree.values()].filter(({ path }) => isCode(path) && path.startsWith(prefix))
}

/** `src/pack/deb/deb.ts` is in the room `pack`; anything outside `src` is in none. */
export function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

/** Works something out of a file once. */
export function oncePerFile<Value>(work: (file: TextFile) => Value): (file: TextFile) => Value {
  const known = new WeakMap<TextFile, { readonly value: Value }>()
  return (file) => {
    const made = known.get(file) ?? { value: work(file) }
    known.set(file, made)
    return made.value
  }
}

const syntaxOf = oncePerFile((file) => parse(file.text, file.path))

/** Every node of a file, as they stand in it. */
export const nodesOf = oncePerFile((file) =>
  walk(syntaxOf(file)).sort((left, right) => left.start - right.start || right.end - left.end),
)

const lineStartsOf = oncePerFile((file) => {
  const breaks = [...file.text.matchAll(/\n/g)]
  return [0, ...breaks.map((match) => match.index + 1)]
})

export function lineAt(file: TextFile, offset: number): number {
  const after = lineStartsOf(file).findIndex((start) => start > offset)
  return after < 0 ? lineStartsOf(file).length : after
}

/** Everything a file imports: statements, re-exports and `import()` of a plain string. */
export const importsOf = oncePerFile((file) =>
  nodesOf(file).flatMap((node) => importAt(file, node)),
)

const IMPORTING = new Set([
  'ImportDeclaration',
  'ImportExpression',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'TSImportType',
])

function importAt(file: TextFile, node: Node): Import[] {
  if (!IMPORTING.has(node.type)) return []
  const specifier = stringOf(node.source ?? node.argument)
  if (specifier === undefined) return []
  const target = specifier.startsWith('.') ? posix.join(dirname(file.path), specifier) : null
  return [{ specifier, target, line: lineAt(file, node.start) }]
}

const TEXT_LIKE = new Set(['Literal', 'TemplateElement', 'JSXText'])

/**
 * The code of a file with every comment and the inside of every string, template and regular
 * expression blanked out (line breaks stay), so that a pattern can only match code. Only the parser
 * knows where strings begin; in what is left, two slashes always open a comment.
 */
export const codeOf = oncePerFile((file) => {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  const texts = nodesOf(file)
    .filter((node) => TEXT_LIKE.has(node.type) && typeof node.value !== 'number')
    .sort((left, right) => left.start - right.start)
  let code = ''
  for (const { start, end } of texts) {
    code += file.text.slice(code.length, start) + blank(file.text.slice(start, end))
  }
  code += file.text.slice(code.length)
  return code.replace(/^#!.*/, blank).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, blank)
})

/** `code: 'x'`, as a property of a value or of a type: the key's name and what stands behind it. */
export function propertyOf(node: Node): { key: unknown; value: Node } | undefined {
  if (node.type === 'Property' && isNode(node.value)) return { key: node.key, value: node.value }
  if (node.type !== 'TSPropertySignature') return undefined
  const annotation = nodesIn(node.typeAnnotation)[0]?.typeAnnotation
  return isNode(annotation) ? { key: node.key, value: annotation } : undefined
}
