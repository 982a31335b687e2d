/**
 * The rules of the house (STYLE.md, ARCHITECTURE.md), held by the machine. Each rule is a function
 * in test/house with a test of its own beside it; here they meet the repository. A failure says
 * where, what, and what to do instead.
 */
import { describe, expect, it } from 'vitest'
import { banned } from './house/banned.ts'
import { cycles, deadFiles } from './house/cycles.ts'
import { directions, privateImports } from './house/directions.ts'
import { documentsNamedInCode, links, namedPaths, settings, titles } from './house/documents.ts'
import { catches } from './house/failures.ts'
import { forbiddenSyntax, strayTestMarks, unexplainedSkips, unfinished } from './house/leftovers.ts'
import { reasonsExplained, statusesExplained } from './house/reasons.ts'
import { fileLengths, functionSizes, lineWidths } from './house/sizes.ts'
import { lockfile, ownRegistries, pinned, registries, scripts } from './house/supply.ts'
import { type Finding, type Rule, readTree } from './house/tree.ts'
import { fileNames, synonyms } from './house/words.ts'

const RULES: Readonly<Record<string, Rule>> = {
  'rooms import only downwards, along the edges of the table': directions,
  'a file that starts with an underscore is imported from its own folder only': privateImports,
  'no file imports itself, however far around': cycles,
  'every source file is used by more than its own test': deadFiles,
  'time, chance, the disk, the network and the environment are used where they belong': banned,
  'file names say what is inside': fileNames,
  'the domain uses one word per idea': synonyms,
  'files stay short': fileLengths,
  'functions stay short and take few parameters': functionSizes,
  'lines stay narrow': lineWidths,
  'every catch rethrows, refuses or gives its reason': catches,
  'nothing is left unfinished': unfinished,
  'no test is switched off or singled out': strayTestMarks,
  'a test that may be skipped says what it needs': unexplainedSkips,
  'forbidden syntax stays out': forbiddenSyntax,
  'every document has one title': titles,
  'every link leads somewhere': links,
  'every path a document names is there': namedPaths,
  'every document that code refers to is there': documentsNamedInCode,
  'the README tells of every setting, and of no other': settings,
  'every reason code is explained, and only those': reasonsExplained,
  'every status the server answers is explained': statusesExplained,
  'the lockfile has a digest for everything and an address for nothing': lockfile,
  'every dependency is pinned': pinned,
  'every script runs a file that is there': scripts,
  'no registry is named': (tree) =>
    registries(tree, ownRegistries(process.env.npm_config_registry)),
}

describe('house', () => {
  const tree = readTree()

  for (const [rule, check] of Object.entries(RULES)) {
    it(rule, () => {
      expect(describeFindings(check(tree))).toBe('')
    })
  }
})

function describeFindings(findings: readonly Finding[]): string {
  return findings
    .map(
      ({ path, line, problem, instead }) => `${path}:${line} ${problem}\n    instead: ${instead}`,
    )
    .join('\n')
}
