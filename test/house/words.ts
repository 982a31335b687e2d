/** Names: of files, and of things in the domain. One word per idea (docs/vocabulary.md). */
import { posix } from 'node:path'
import { nameOf } from './ast.ts'
import { codeIn, type Finding, lineAt, nodesOf, type Tree } from './tree.ts'

const EMPTY_NAMES = new Set([
  ...['util', 'utils', 'helper', 'helpers', 'common', 'shared', 'misc', 'lib', 'core', 'index'],
  ...[
    'types',
    'type',
    'interfaces',
    'constants',
    'services',
    'service-base',
    'manager',
    'managers',
  ],
])

export function fileNames(tree: Tree): Finding[] {
  return codeIn(tree).flatMap(({ path }) => {
    const parts = path.replace(/\.tsx?$/, '').split('/')
    const empty = parts.find((part) => EMPTY_NAMES.has(part.replace(/^_/, '').replace(/\..*/, '')))
    const shape = /^_?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*\.tsx?$/
    const findings: Finding[] = []
    if (empty !== undefined) {
      findings.push({
        path,
        line: 1,
        problem: `has a name that says nothing: ${empty}`,
        instead: 'name it after the noun it holds, beside whoever uses it',
      })
    }
    if (!shape.test(posix.basename(path))) {
      const instead = 'kebab-case.ts, with a leading underscore for a private file'
      findings.push({ path, line: 1, problem: 'is not named in kebab-case', instead })
    }
    return findings
  })
}

/** The second words people reach for, and the one word each idea has. */
export const SYNONYMS: Readonly<Record<string, string>> = {
  device: 'endpoint',
  host: 'endpoint',
  node: 'endpoint',
  job: 'distribution or upgrade action',
  task: 'upgrade action',
  campaign: 'rollout',
  ring: 'wave',
  heartbeat: 'check-in',
  timeframe: 'window',
  installer: 'package',
  packager: 'writer',
}

// Kubernetes calls its machines nodes, and a distribution may name them: those are not endpoints.
const WHOLE_NAMES_ALLOWED = new Set(['nodeSelector', 'runOnMasterNode', 'runOnAllNodes'])

export function synonyms(tree: Tree): Finding[] {
  return codeIn(tree, 'src/domain/').flatMap((file) => {
    const findings = new Map<string, Finding>()
    for (const node of nodesOf(file)) {
      const name = node.type === 'Identifier' ? nameOf(node) : undefined
      if (name === undefined || WHOLE_NAMES_ALLOWED.has(name) || findings.has(name)) continue
      const word = wordsOf(name).find((part) => Object.hasOwn(SYNONYMS, part))
      if (word === undefined) continue
      findings.set(name, {
        path: file.path,
        line: lineAt(file, node.start),
        problem: `calls something ${name}`,
        instead: `the word is ${SYNONYMS[word]}, not ${word} (docs/vocabulary.md)`,
      })
    }
    return [...findings.values()]
  })
}

/** `hostNames` -> host, name: split at capitals and underscores, plural dropped. */
function wordsOf(name: string): string[] {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').split(/_+/)
  return words.map((word) => word.toLowerCase().replace(/s$/, ''))
}
