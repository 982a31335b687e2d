/**
 * Every "no" has a name, and every name is explained. Codes are found where they are declared:
 *   - an array whose name ends in REASONS, and a type whose name ends in Reason;
 *   - a literal (a union of literals, a choice of two) behind a property named `code` or `reason`;
 *   - a literal handed to a function, of the same file or imported, as its parameter `code` or
 *     `reason`; statuses likewise as its parameter `status`.
 * Each has one row in docs/reasons.md, in the first column, in backticks; a row without its code
 * fails too.
 */
import { isNode, type Node, nameOf, nodesIn, stringOf, walk } from './ast.ts'
import {
  codeIn,
  type Finding,
  importsOf,
  isCode,
  isTest,
  lineAt,
  nodesOf,
  oncePerFile,
  propertyOf,
  type TextFile,
  type Tree,
} from './tree.ts'

export const REASONS_DOCUMENT = 'docs/reasons.md'
export const STATUS_DOCUMENT = 'docs/http-status.md'

const ROOMS_WITH_REASONS = /^src\/(?:domain|trust|pack|store|server|agent|client|cli|main)\//
const CODE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/

export type Declared = { readonly code: string; readonly path: string; readonly line: number }

export function reasonCodes(tree: Tree): Declared[] {
  const files = codeIn(tree).filter(({ path }) => ROOMS_WITH_REASONS.test(path) && !isTest(path))
  return files.flatMap((file) => {
    const takers = takersFor(tree, file, REASON_NAME)
    return nodesOf(file)
      .flatMap((node) => [...literalsDeclaredBy(node), ...choices(handedTo(takers, node))])
      .map((literal) => ({ code: stringOf(literal) ?? '', at: literal.start }))
      .filter(({ code }) => CODE.test(code))
      .map(({ code, at }) => ({ code, path: file.path, line: lineAt(file, at) }))
  })
}

const REASON_NAME = /^(?:code|reason)$/

function literalsDeclaredBy(node: Node): Node[] {
  if (node.type === 'VariableDeclarator' && /REASONS$/.test(nameOf(node.id) ?? '')) {
    return isNode(node.init) ? walk(node.init).filter(isLiteral) : []
  }
  if (node.type === 'TSTypeAliasDeclaration' && /Reason$/.test(nameOf(node.id) ?? '')) {
    return choices(node.typeAnnotation)
  }
  const property = propertyOf(node)
  if (property === undefined || !REASON_NAME.test(nameOf(property.key) ?? '')) return []
  return choices(property.value)
}

/** Functions that take something, each with which of its parameters that is. */
type Takers = ReadonlyMap<string, number>

/** Those that a file can call by name: its own, and those of the files it imports. */
function takersFor(tree: Tree, file: TextFile, parameter: RegExp): Takers {
  const imported = importsOf(file).flatMap(({ target }) => tree.get(target ?? '') ?? [])
  const takers = [...imported, file].filter(({ path }) => isCode(path)).flatMap(parametersIn)
  return new Map(
    takers
      .map(({ name, parameters }) => [name, parameters.findIndex((each) => parameter.test(each))])
      .filter((taker): taker is [string, number] => Number(taker[1]) >= 0),
  )
}

type Parameters = { readonly name: string; readonly parameters: readonly string[] }

const parametersIn = oncePerFile((file): Parameters[] =>
  nodesOf(file).flatMap((node) => {
    const isNamed = node.type === 'FunctionDeclaration' || node.type === 'VariableDeclarator'
    const made = node.type === 'VariableDeclarator' ? nodesIn(node.init)[0] : node
    const parameters = nodesIn(made?.params).map((each) => nameOf(each) ?? '')
    return isNamed && parameters.length > 0 ? [{ name: nameOf(node.id) ?? '', parameters }] : []
  }),
)

function handedTo(takers: Takers, node: Node): Node | undefined {
  if (node.type !== 'CallExpression') return undefined
  const at = takers.get(nameOf(node.callee) ?? '')
  return at === undefined ? undefined : nodesIn(node.arguments)[at]
}

function isLiteral(node: Node): boolean {
  return node.type === 'Literal' && typeof node.value === 'string'
}

/**
 * The literals a value or type may be: itself, the members of a union, the two ends of a choice.
 */
function choices(value: unknown): Node[] {
  if (!isNode(value)) return []
  if (stringOf(value) !== undefined) return [value]
  if (value.type === 'TSUnionType') return nodesIn(value.types).flatMap(choices)
  if (value.type === 'TSAsExpression') return choices(value.expression)
  if (value.type !== 'ConditionalExpression') return []
  return [...choices(value.consequent), ...choices(value.alternate)]
}

/** What stands in the first column of a document's tables, with its line. */
function firstColumn(file: TextFile | undefined): Map<string, number[]> {
  const rows = new Map<string, number[]>()
  for (const [index, line] of (file?.text ?? '').split('\n').entries()) {
    const key = /^\| *`?([\w-]+)`? *\|/.exec(line)?.[1]
    if (key !== undefined) rows.set(key, [...(rows.get(key) ?? []), index + 1])
  }
  return rows
}

export function reasonsExplained(tree: Tree): Finding[] {
  const rows = firstColumn(tree.get(REASONS_DOCUMENT))
  const declared = new Map(reasonCodes(tree).map((code) => [code.code, code]))
  const unexplained = [...declared.values()]
    .filter(({ code }) => !rows.has(code))
    .map(({ code, path, line }) => {
      const instead = `add a row for it to ${REASONS_DOCUMENT}: what it means, what to do`
      return { path, line, problem: `has the reason ${code}, explained nowhere`, instead }
    })
  const known = (code: string) => declared.has(code) || saidInCode(tree, code)
  const stale = [...rows]
    .filter(([code]) => CODE.test(code) && !known(code))
    .map(([code, lines]) => {
      const problem = `explains ${code}, which nothing gives any more`
      return { path: REASONS_DOCUMENT, line: lines[0] ?? 1, problem, instead: 'take the row out' }
    })
  return [...unexplained, ...stale, ...repeated(REASONS_DOCUMENT, rows)]
}

/** A code that is computed or handed on is still a literal somewhere, if only in Android's app. */
function saidInCode(tree: Tree, code: string): boolean {
  const isSaid = codeIn(tree, 'src/').some(
    ({ path, text }) => !isTest(path) && text.includes(`'${code}'`),
  )
  const app = [...tree.values()].filter(({ path }) => path.endsWith('.smali'))
  return isSaid || app.some(({ text }) => text.includes(`"${code}"`))
}

function repeated(path: string, rows: ReadonlyMap<string, readonly number[]>): Finding[] {
  return [...rows]
    .filter(([key, lines]) => lines.length > 1 && /^[a-z]+-|^\d{3}$/.test(key))
    .map(([key, lines]) => {
      const problem = `explains ${key} ${lines.length} times`
      return { path, line: lines[1] ?? 1, problem, instead: 'say it once' }
    })
}

export function statusesExplained(tree: Tree): Finding[] {
  const rows = firstColumn(tree.get(STATUS_DOCUMENT))
  const files = codeIn(tree, 'src/server/').filter(({ path }) => !isTest(path))
  const unexplained = files.flatMap((file) =>
    statusesIn(tree, file)
      .filter(({ status }) => !rows.has(String(status)))
      .map(({ status, line }) => ({
        path: file.path,
        line,
        problem: `answers ${status}, explained nowhere`,
        instead: `add it to ${STATUS_DOCUMENT}, or answer one that is there`,
      })),
  )
  return [...unexplained, ...repeated(STATUS_DOCUMENT, rows)]
}

function statusesIn(tree: Tree, file: TextFile): { status: number; line: number }[] {
  const takers = takersFor(tree, file, /^status$/)
  return nodesOf(file).flatMap((node) => {
    const handed = handedTo(takers, node)
    const said = [...statusesAt(node), ...(handed === undefined ? [] : statusOf(handed))]
    return said.map((status) => ({ status, line: lineAt(file, node.start) }))
  })
}

/** `status: 404`, `err_code: 404`, `reply.code(404)`, `writeHead(404`. */
function statusesAt(node: Node): number[] {
  const property = propertyOf(node)
  if (property !== undefined) {
    const names = /^(?:status|statusCode|err_code)$/.test(nameOf(property.key) ?? '')
    return names ? walk(property.value).flatMap(statusOf) : []
  }
  if (node.type !== 'CallExpression' || !isNode(node.callee)) return []
  const method = nameOf(node.callee.property) ?? ''
  if (!/^(?:code|status|writeHead)$/.test(method)) return []
  return nodesIn(node.arguments).slice(0, 1).flatMap(statusOf)
}

function statusOf(node: Node): number[] {
  const { value } = node
  const isStatus = typeof value === 'number' && value >= 100 && value < 600
  return node.type === 'Literal' && isStatus ? [value] : []
}
