import { describe, expect, it } from 'vitest'
import { cycles, deadFiles } from './cycles.ts'
import { directions, privateImports } from './directions.ts'
import { places } from './findings.ts'
import { codeOf, importsOf, snippets } from './tree.ts'

describe('importsOf', () => {
  it('sees statements, types, re-exports and dynamic imports', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type { B } from '../b.ts'",
      "export { c } from './c.ts'",
      "const d = await import('./d.ts')",
      "import 'node:fs'",
    ].join('\n')
    const file = { path: 'src/base/x.ts', text }
    const targets = importsOf(file).map(({ target, specifier }) => target ?? specifier)
    expect(targets).toEqual([
      ...['src/base/a.ts', 'src/b.ts', 'src/base/c.ts'],
      ...['src/base/d.ts', 'node:fs'],
    ])
  })
})

describe('codeOf', () => {
  it('blanks comments and the inside of strings and keeps every line where it is', () => {
    const text = "const a = 'setTimeout(' // setTimeout(\n/* x\n */ b(`y${c}z`, /\\/\\/'/)"
    const code = codeOf({ path: 'src/x.ts', text })
    expect(code).not.toContain('setTimeout')
    expect(code.split('\n')).toHaveLength(3)
    expect(code).toContain('c')
    expect(code).not.toMatch(/[xyz]/)
  })
})

describe('directions', () => {
  it.each([
    ['src/domain/a.ts', '../contract/b.ts', 'wire words are not house words'],
    ['src/base/a.ts', '../domain/b.ts', 'base must stay understandable alone'],
    ['src/store/a.ts', '../server/b.ts', 'it stores decisions; it does not make them'],
    ['src/cli/a.ts', '../main/b.ts', 'nobody imports main'],
    ['src/garage/a.ts', '../base/b.ts', 'there is no room "garage"'],
    ['src/server/public-api/a.ts', '../agent-api/b.ts', 'the two APIs change'],
    ['src/cli/a.ts', '../../package.json', 'src imports nothing outside src'],
    ['src/base/a.ts', '../../tools/b.ts', 'src imports nothing outside src'],
    ['src/pack/a.ts', './writer.suite.ts', 'only tests import what is made for tests'],
    ['src/client/a.ts', './testing/b.ts', 'only tests import what is made for tests'],
  ])('refuses %s importing %s and says why', (path, specifier, why) => {
    const [finding] = directions(snippets({ [path]: `import '${specifier}'` }))
    expect(finding?.instead).toContain(why)
  })

  it.each([
    ['src/domain/a.ts', '../base/b.ts'],
    ['src/server/a.ts', '../contract/b.ts'],
    ['src/main/a.ts', '../server/b.ts'],
    ['src/main/a.ts', '../../package.json'],
    ['src/pack/deb/a.ts', '../writer.ts'],
    ['test/a.ts', '../src/server/b.ts'],
    ['src/pack/a.test.ts', './writer.suite.ts'],
    ['src/pack/a.test.ts', '../../test/needs.ts'],
  ])('allows %s importing %s', (path, specifier) => {
    expect(directions(snippets({ [path]: `import '${specifier}'` }))).toEqual([])
  })
})

describe('privateImports', () => {
  it('keeps a file with an underscore inside its folder', () => {
    const tree = snippets({
      'src/pack/deb/deb.ts': "import './_control.ts'",
      'src/pack/deb/parts/x.ts': "import '../_control.ts'",
      'src/pack/debian/x.ts': "import '../deb/_control.ts'",
      'src/pack/writers.ts': "import './deb/_control.ts'",
    })
    expect(places(privateImports(tree))).toEqual([
      ...['src/pack/debian/x.ts:1', 'src/pack/writers.ts:1'],
    ])
  })
})

describe('cycles', () => {
  it('finds a ring of any length, and a file that imports itself', () => {
    const tree = snippets({
      'src/base/a.ts': "import './b.ts'",
      'src/base/b.ts': "import './c.ts'",
      'src/base/c.ts': "import './a.ts'",
      'src/base/d.ts': "import './d.ts'",
    })
    expect(cycles(tree).map(({ problem }) => problem)).toEqual([
      'imports itself: src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts',
      'imports itself: src/base/d.ts -> src/base/d.ts',
    ])
  })

  it('allows two ways to one file', () => {
    const tree = snippets({
      'src/base/a.ts': "import './b.ts'\nimport './c.ts'",
      'src/base/b.ts': "import './c.ts'",
      'src/base/c.ts': '',
    })
    expect(cycles(tree)).toEqual([])
  })
})

describe('deadFiles', () => {
  it('lets what main or a test of something else needs live, and nothing else', () => {
    const tree = snippets({
      'src/main/cli.ts': "import '../base/used.ts'\nstart(new URL('../base/child.ts', here))",
      'src/base/child.ts': '',
      'src/base/used.ts': '',
      'src/base/only-its-test.ts': '',
      'src/base/only-its-test.test.ts': "import './only-its-test.ts'",
      'src/base/clock-manual.ts': '',
      'src/base/used.test.ts': "import './clock-manual.ts'",
    })
    expect(places(deadFiles(tree))).toEqual(['src/base/only-its-test.ts:1'])
  })
})
