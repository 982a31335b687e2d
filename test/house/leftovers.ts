/** What may live on your machine and must not travel. */
import { isNode, type Node, nameOf, nodesIn } from './ast.ts'
import {
  codeIn,
  codeOf,
  type Finding,
  isTest,
  lineAt,
  nodesOf,
  type TextFile,
  type Tree,
} from './tree.ts'

// Spelt in two halves, so that this file does not break its own rule.
const FIX = new RegExp(`\\b(?:FIX${'ME'}|XX${'X'}|HA${'CK'})\\b`)
const PROMISE = new RegExp(`\\bTO${'DO'}\\b(?!\\(#\\d+\\): )`)

export function unfinished(tree: Tree): Finding[] {
  return codeIn(tree).flatMap((file) =>
    file.text.split('\n').flatMap((text, index) => {
      const at = { path: file.path, line: index + 1 }
      if (FIX.test(text)) {
        return [
          { ...at, problem: 'has a note to yourself', instead: 'finish it, or open an issue' },
        ]
      }
      if (!PROMISE.test(text)) return []
      return [
        {
          ...at,
          problem: 'promises without an issue',
          instead: 'name the issue, as (#12), or do it now',
        },
      ]
    }),
  )
}

export function strayTestMarks(tree: Tree): Finding[] {
  return codeIn(tree)
    .filter(({ path }) => isTest(path))
    .flatMap((file) =>
      [...codeOf(file).matchAll(/\b(?:it|test|describe)\.(only|skip|todo|fails)\b/g)].map(
        (match) => ({
          path: file.path,
          line: lineAt(file, match.index),
          problem: `has ${match[0]}`,
          instead: 'take it out; what needs a program of the machine asks needs (test/needs.ts)',
        }),
      ),
    )
}

/**
 * A test that may be skipped asks `needs` and lets the summary say
 * what was missing, or it says in its name what it needs: `it.skipIf(!isRoot)('... (needs root)')`.
 */
export function unexplainedSkips(tree: Tree): Finding[] {
  return codeIn(tree)
    .filter((file) => isTest(file.path) && !/\b(?:needs|describeNeeds)\(/.test(codeOf(file)))
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => isConditional(node.callee) && !/\(needs .+\)/.test(titleOf(file, node)))
        .map((node) => ({
          path: file.path,
          line: lineAt(file, node.start),
          problem: 'may skip without saying what it needs',
          instead: "ask needs('dpkg') of test/needs.ts, or end the name with '(needs root)'",
        })),
    )
}

function isConditional(callee: unknown): boolean {
  if (!isNode(callee) || callee.type !== 'CallExpression' || !isNode(callee.callee)) return false
  return /^(?:skipIf|runIf)$/.test(nameOf(callee.callee.property) ?? '')
}

function titleOf(file: TextFile, call: Node): string {
  const title = nodesIn(call.arguments)[0]
  return title === undefined ? '' : file.text.slice(title.start, title.end)
}

const FORBIDDEN: Readonly<Record<string, string>> = {
  TSAnyKeyword: 'unknown, and parse it; or the type it is',
  TSEnumDeclaration: 'a const array and its union of literals',
  TSModuleDeclaration: 'a file',
  ExportDefaultDeclaration: 'a named export',
  ExportAllDeclaration: 'import from the file that has it',
  DebuggerStatement: 'nothing',
}

export function forbiddenSyntax(tree: Tree): Finding[] {
  return codeIn(tree)
    .filter(({ path }) => path !== 'vitest.config.ts') // Its reader asks for a default export.
    .flatMap((file) =>
      nodesOf(file).flatMap((node) => {
        const instead = FORBIDDEN[node.type]
        // A module of somebody else's without types gets them in a file of declarations.
        const isDeclared = file.path.endsWith('.d.ts') && node.type === 'TSModuleDeclaration'
        if (instead === undefined || isDeclared) return []
        return [
          { path: file.path, line: lineAt(file, node.start), problem: `has ${node.type}`, instead },
        ]
      }),
    )
}
