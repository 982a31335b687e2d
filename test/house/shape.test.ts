import { describe, expect, it } from 'vitest'
import { places } from './findings.ts'
import { fileLengths, functionSizes, lineWidths } from './sizes.ts'
import { snippets } from './tree.ts'
import { fileNames, synonyms } from './words.ts'

const lines = (count: number) => 'a()\n'.repeat(count)

describe('fileLengths', () => {
  it('lets a source file have 400 lines, a test 600, the map 250', () => {
    const tree = snippets({
      'src/base/right.ts': lines(400),
      'src/base/long.ts': lines(401),
      'src/base/right.test.ts': lines(600),
      'src/base/long.test.ts': lines(601),
      'ARCHITECTURE.md': lines(251),
      'README.md': lines(900),
    })
    expect(fileLengths(tree).map(({ path }) => path)).toEqual([
      ...['src/base/long.ts', 'src/base/long.test.ts', 'ARCHITECTURE.md'],
    ])
  })
})

describe('lineWidths', () => {
  it('finds a line over 100 columns, unless it cannot be broken', () => {
    const address = `// https://example.org/${'a'.repeat(100)}`
    const tree = snippets({ 'src/a.ts': `// ${'word '.repeat(20)}end\n${address}\n` })
    expect(places(lineWidths(tree))).toEqual(['src/a.ts:1'])
  })
})

describe('lineWidths in tests', () => {
  it('lets the name of a test be one sentence, however long', () => {
    const text = `  it('${'word '.repeat(25)}', () => {})\n`
    expect(lineWidths(snippets({ 'src/a.test.ts': text }))).toEqual([])
    expect(lineWidths(snippets({ 'src/a.ts': text }))).toHaveLength(1)
  })
})

describe('functionSizes', () => {
  it('finds a function of more than 70 lines, wherever it is written', () => {
    const body = `{\n${lines(69)}}`
    const text = `function f() ${body}\nconst g = () => ${body}\nfunction h() {\n${lines(60)}}\n`
    const found = functionSizes(snippets({ 'src/a.ts': text }))
    expect(places(found)).toEqual(['src/a.ts:1', 'src/a.ts:72'])
  })

  it('lets the body of a describe be as long as its file, but not the body of a test', () => {
    const text = `describe('x', () => {\n${lines(100)}it('y', () => {\n${lines(80)}})\n})\n`
    expect(places(functionSizes(snippets({ 'src/a.test.ts': text })))).toEqual([
      'src/a.test.ts:102',
    ])
  })

  it('finds more than four parameters', () => {
    const tree = snippets({
      'src/a.ts': 'const f = (a, b, c, d, e) => 1\nfunction g(a, b, c, d) {}',
    })
    expect(places(functionSizes(tree))).toEqual(['src/a.ts:1'])
  })

  it('lets a row of a table have as many columns as it needs', () => {
    const text = "it.each([[1, 2, 3, 4, 5]])('x', (a, b, c, d, e) => {})"
    expect(functionSizes(snippets({ 'src/a.test.ts': text }))).toEqual([])
  })
})

describe('fileNames', () => {
  it.each([
    ...['src/base/utils.ts', 'src/store/_helpers.ts', 'src/server/common/x.ts'],
    ...['src/pack/index.ts', 'src/pack/types.test.ts', 'src/pack/debWriter.ts'],
  ])('refuses %s', (path) => {
    expect(fileNames(snippets({ [path]: '' }))).toHaveLength(1)
  })

  it.each([
    ...['src/pack/deb/_control.ts', 'src/pack/writer.suite.ts', 'src/base/clock-manual.ts'],
    ...['src/store/migrations/0001-first-path.ts', 'vitest.config.ts'],
  ])('allows %s', (path) => {
    expect(fileNames(snippets({ [path]: '' }))).toEqual([])
  })
})

describe('synonyms', () => {
  it('names the house word for a second word in an identifier of the domain', () => {
    const tree = snippets({
      'src/domain/a.ts': 'const hostIds = 1\nfunction endTask() {}\ntype Device = string',
    })
    expect(synonyms(tree).map(({ instead }) => instead.split(',')[0])).toEqual([
      'the word is endpoint',
      'the word is upgrade action',
      'the word is endpoint',
    ])
  })

  it('leaves other rooms, comments, strings and longer words alone', () => {
    const tree = snippets({
      'src/agent/a.ts': 'const host = 1',
      'src/domain/a.ts': "// a host\nconst hostname = 'node'\nconst ghosts = { nodeSelector: 1 }",
    })
    expect(synonyms(tree)).toEqual([])
  })
})
