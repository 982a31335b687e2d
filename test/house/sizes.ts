/** How long things may get before they must be divided. The limits only ever go down. */
import { isFunction, type Node, nameOf, nodesIn, walk } from './ast.ts'
import { codeIn, type Finding, isTest, lineAt, nodesOf, type TextFile, type Tree } from './tree.ts'

export const SOURCE_LINES_MAX = 400
export const TEST_LINES_MAX = 600
export const FUNCTION_LINES_MAX = 70
export const PARAMETERS_MAX = 4
export const COLUMNS_MAX = 100
/** One map must fit in one head. */
export const ARCHITECTURE_LINES_MAX = 250

export function fileLengths(tree: Tree): Finding[] {
  const limited: [TextFile, number][] = codeIn(tree).map((file) => [
    file,
    isTest(file.path) ? TEST_LINES_MAX : SOURCE_LINES_MAX,
  ])
  const map = tree.get('ARCHITECTURE.md')
  if (map !== undefined) limited.push([map, ARCHITECTURE_LINES_MAX])
  return limited.flatMap(([file, max]) => {
    const lines = file.text.split('\n').length - 1
    if (lines <= max) return []
    const problem = `has ${lines} lines, more than ${max}`
    return [{ path: file.path, line: max, problem, instead: 'divide it by noun' }]
  })
}

export function lineWidths(tree: Tree): Finding[] {
  return codeIn(tree).flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      // A test's name is one sentence, however long.
      const isTestName = isTest(file.path) && /^\s*(?:it|describe)[\w.]*\(['"`]/.test(line)
      // An address or a digest cannot be broken; anything with room to break can.
      const unbreakable = !/\S\s+\S/.test(line.trim().replace(/^(?:\/\/|\*|\/\*\*?)\s*/, ''))
      if (line.length <= COLUMNS_MAX || unbreakable || isTestName) return []
      const problem = `is ${line.length} columns wide, more than ${COLUMNS_MAX}`
      return [{ path: file.path, line: index + 1, problem, instead: 'break the line' }]
    }),
  )
}

export function functionSizes(tree: Tree): Finding[] {
  return codeIn(tree).flatMap((file) => {
    const inTests = isTest(file.path)
    const suites = inTests ? givenTo(file, /^describe/) : new Set<Node>()
    const rows = inTests ? givenTo(file, /^each$/) : new Set<Node>()
    return nodesOf(file)
      .filter(isFunction)
      .flatMap((node) => [
        ...(suites.has(node) ? [] : tooLong(file, node)),
        // A table's row may have as many columns as it needs.
        ...(rows.has(node) ? [] : tooManyParameters(file, node)),
      ])
  })
}

function tooLong(file: TextFile, node: Node): Finding[] {
  const line = lineAt(file, node.start)
  const lines = lineAt(file, node.end) - line + 1
  if (lines <= FUNCTION_LINES_MAX) return []
  const problem = `has a function of ${lines} lines, more than ${FUNCTION_LINES_MAX}`
  return [{ path: file.path, line, problem, instead: 'name its parts' }]
}

function tooManyParameters(file: TextFile, node: Node): Finding[] {
  const parameters = nodesIn(node.params).length
  if (parameters <= PARAMETERS_MAX) return []
  const line = lineAt(file, node.start)
  const problem = `has a function with ${parameters} parameters, more than ${PARAMETERS_MAX}`
  return [{ path: file.path, line, problem, instead: 'pass one object of what it uses' }]
}

/**
 * What is handed to a call through `name`: the bodies of `describe(...)`, which are chapters and
 * not functions, and the rows of `it.each(...)(...)`.
 */
function givenTo(file: TextFile, name: RegExp): Set<Node> {
  const given = new Set<Node>()
  for (const node of nodesOf(file)) {
    if (node.type !== 'CallExpression') continue
    const calls = nodesIn(node.callee).flatMap((callee) => walk(callee))
    if (!calls.some((call) => name.test(nameOf(call) ?? ''))) continue
    for (const argument of nodesIn(node.arguments)) given.add(argument)
  }
  return given
}
