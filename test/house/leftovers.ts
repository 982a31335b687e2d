/** What may live on your machine and must not travel. */
import { nameOf, walk } from './ast.ts'
import { codeIn, codeOf, type Finding, isTest, lineAt, syntaxOf, type Tree } from './tree.ts'

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
          instead: 'take it out; what needs a program of the machine uses itNeeds (test/needs.ts)',
        }),
      ),
    )
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
      [...walk(syntaxOf(file))].flatMap((node) => {
        const instead = FORBIDDEN[node.type]
        if (instead === undefined || nameOf(node.id) === 'global') return []
        return [
          { path: file.path, line: lineAt(file, node.start), problem: `has ${node.type}`, instead },
        ]
      }),
    )
}
