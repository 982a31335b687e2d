/** Every catch rethrows, turns the failure into a refusal, or says why ignoring it is right. */
import { isFunction, isNode, type Node, nameOf, nodesIn, walk } from './ast.ts'
import { codeIn, type Finding, isTest, lineAt, nodesOf, type TextFile, type Tree } from './tree.ts'

const EXCUSE = 'Best effort:'

export function catches(tree: Tree): Finding[] {
  const files = codeIn(tree).filter(({ path }) => !isTest(path))
  return files.flatMap((file) => {
    const answering = answeringFunctions(file)
    return nodesOf(file)
      .flatMap((node) => handlersIn(node))
      .filter((handler) => !answers(handler, answering) && !excused(file, handler))
      .map((handler) => ({
        path: file.path,
        line: lineAt(file, handler.start),
        problem: 'catches and ignores',
        instead: `rethrow, return refuse(...), or say why in a comment that starts "${EXCUSE}"`,
      }))
  })
}

/**
 * The functions of this file that refuse or throw themselves: returning their answer is answering.
 */
function answeringFunctions(file: TextFile): ReadonlySet<string> {
  const functions = nodesOf(file).filter((node) => node.type === 'FunctionDeclaration')
  const answering = functions.filter((node) => answers(node, new Set()))
  return new Set(answering.flatMap((node) => nameOf(node.id) ?? []))
}

/** `catch { }` clauses, and what is given to `.catch(...)`. */
function handlersIn(node: Node): Node[] {
  if (node.type === 'CatchClause') return [node]
  if (node.type !== 'CallExpression' || !isNode(node.callee)) return []
  if (nameOf(node.callee.property) !== 'catch') return []
  // A function handed on by name answers where it is written.
  return nodesIn(node.arguments).filter(isFunction)
}

function answers(handler: Node, answering: ReadonlySet<string>): boolean {
  const caught = nameOf(handler.param ?? nodesIn(handler.params)[0])
  const own = walk(handler, (node) => !isFunction(node))
  return own.some((node) => {
    if (node.type === 'ThrowStatement') return true
    if (node.type === 'ReturnStatement') {
      return isRefusal(node.argument, answering) || isHandedOn(node.argument, caught)
    }
    // Passing the failure on to whoever waits is rethrowing it; so is ending with it.
    return node.type === 'CallExpression' && PASSING_ON.has(calledName(node.callee) ?? '')
  })
}

const PASSING_ON = new Set(['reject', 'destroy', 'exit'])

/** `return answerTo(error)`: whoever is called has it now. A log does not answer. */
function isHandedOn(value: unknown, caught: string | undefined): boolean {
  if (!isNode(value) || value.type !== 'CallExpression' || caught === undefined) return false
  const isLogged = isNode(value.callee) && walk(value.callee).some((node) => node.name === 'log')
  return !isLogged && nodesIn(value.arguments).some((argument) => nameOf(argument) === caught)
}

/** `reject` of `reject(...)` and of `waiter.reject(...)`. */
function calledName(callee: unknown): string | undefined {
  return isNode(callee) ? nameOf(callee.property ?? callee) : undefined
}

/**
 * `refuse(...)`, `refuseX(...)`, `{ ok: false, ... }`, or something that refuses by its name or its
 * body.
 */
function isRefusal(value: unknown, answering: ReadonlySet<string>): boolean {
  if (!isNode(value)) return false
  return walk(value).some((node) => {
    if (node.type === 'Property') {
      return nameOf(node.key) === 'ok' && isNode(node.value) && node.value.value === false
    }
    const name = nameOf(node) ?? ''
    return /^refus|refusal$/i.test(name) || answering.has(name)
  })
}

/** The comment stands in the handler or on the line above it. */
function excused(file: TextFile, handler: Node): boolean {
  const lineStart = file.text.lastIndexOf('\n', handler.start)
  const from = file.text.lastIndexOf('\n', lineStart - 1) + 1
  const to = file.text.indexOf('\n', handler.end)
  return file.text.slice(from, to < 0 ? undefined : to).includes(EXCUSE)
}
