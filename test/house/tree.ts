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
const BINARY = /\.(?:gz|tar|deb|png|ico|woff2|bin|zip|log)$/

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

const parsed = new WeakMap<TextFile, Node>()

export function syntaxOf(file: TextFile): Node {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const root = parse(file.text, file.path)
  parsed.set(file, root)
  return root
}

export function lineAt(file: TextFile, offset: number): number {
  return file.text.slice(0, offset).split('\n').length
}

const imported = new WeakMap<TextFile, Import[]>()

/** Everything a file imports: statements, re-exports and `import()` of a plain string. */
export function importsOf(file: TextFile): Import[] {
  const known = imported.get(file)
  if (known !== undefined) return known
  const found = [...walk(syntaxOf(file))].flatMap((node) => importAt(file, node))
  imported.set(file, found)
  return found
}

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
const stripped = new WeakMap<TextFile, string>()

/**
 * The code of a file with every comment and the inside of every string, template and regular
 * expression blanked out (line breaks stay), so that a pattern can only match code. Only the parser
 * knows where strings begin; in what is left, two slashes always open a comment.
 */
export function codeOf(file: TextFile): string {
  const known = stripped.get(file)
  if (known !== undefined) return known
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  let code = file.text.replace(/^#!.*/, blank)
  for (const node of walk(syntaxOf(file))) {
    if (!TEXT_LIKE.has(node.type) || typeof node.value === 'number') continue
    code =
      code.slice(0, node.start) + blank(code.slice(node.start, node.end)) + code.slice(node.end)
  }
  code = code.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, blank)
  stripped.set(file, code)
  return code
}

/** `code: 'x'`, as a property of a value or of a type: the key's name and what stands behind it. */
export function propertyOf(node: Node): { key: unknown; value: Node } | undefined {
  if (node.type === 'Property' && isNode(node.value)) return { key: node.key, value: node.value }
  if (node.type !== 'TSPropertySignature') return undefined
  const annotation = nodesIn(node.typeAnnotation)[0]?.typeAnnotation
  return isNode(annotation) ? { key: node.key, value: annotation } : undefined
}
