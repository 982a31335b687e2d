/**
 * A thin, typed-enough reading of the syntax tree, through the parser that the test runner brings.
 * The tree's positions are string offsets, so `text.slice(node.start, node.end)` is the source of a
 * node.
 */
import { parseAst } from 'vitest/node'

export type Node = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export function parse(text: string, path: string): Node {
  const parsed: unknown = parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }, path)
  // The runner types only the plain ESTree part; TypeScript's nodes are read by field name below.
  return parsed as Node
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The nodes in one field: none, one, or a list of them. */
export function nodesIn(value: unknown): Node[] {
  if (Array.isArray(value)) return value.filter(isNode)
  return isNode(value) ? [value] : []
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  for (const field in node) {
    const value = node[field]
    if (typeof value !== 'object' || value === null) continue
    if (Array.isArray(value)) children.push(...value.filter(isNode))
    else if (isNode(value)) children.push(value)
  }
  return children
}

/** Every node below and including `root`, parents first; `into` may keep out of a subtree. */
export function walk(root: Node, into: (node: Node) => boolean = () => true): Node[] {
  const nodes = [root]
  // The list grows while it is read: what is found below a node is read later.
  for (const node of nodes) nodes.push(...childrenOf(node).filter(into))
  return nodes
}

export function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

/** The text of a string literal, or of a template without holes. */
export function stringOf(value: unknown): string | undefined {
  if (!isNode(value)) return undefined
  if (value.type === 'Literal' && typeof value.value === 'string') return value.value
  if (value.type === 'TSLiteralType') return stringOf(value.literal)
  if (value.type !== 'TemplateLiteral') return undefined
  const quasis = nodesIn(value.quasis)
  const cooked = (quasis[0]?.value as { cooked?: string } | undefined)?.cooked
  return quasis.length === 1 ? cooked : undefined
}

/** The name of an identifier or of a plain property key. */
export function nameOf(value: unknown): string | undefined {
  if (!isNode(value)) return undefined
  if (value.type === 'Identifier' || value.type === 'PrivateIdentifier') {
    return typeof value.name === 'string' ? value.name : undefined
  }
  return stringOf(value)
}
