import { describe, expect, it } from 'vitest'
import { documentsNamedInCode, links, namedPaths, settings, titles } from './documents.ts'
import { places } from './findings.ts'
import { reasonCodes, reasonsExplained, statusesExplained } from './reasons.ts'
import { lockfile, ownRegistries, pinned, registries, scripts } from './supply.ts'
import { snippets } from './tree.ts'

describe('titles', () => {
  it('asks for exactly one, outside code blocks', () => {
    const tree = snippets({
      'right.md': '# Title\n\n```sh\n# a comment\n```\n## Section\n',
      'none.md': 'text\n',
      'two.md': '# One\n\n# Two\n',
    })
    expect(places(titles(tree))).toEqual(['none.md:1', 'two.md:3'])
  })
})

describe('links', () => {
  const linked = (link: string) =>
    links(snippets({ 'docs/a.md': `# A\n\n## What's *new*?\n[x](${link})\n`, 'b.md': '# The B' }))

  it.each(['../b.md', '../b.md#the-b', '#whats-new', 'https://example.org/x', '.', '..'])(
    'lets %s be',
    (link) => {
      expect(linked(link)).toEqual([])
    },
  )

  it.each(['b.md', '../b.md#the-c', '#old'])('finds that %s leads nowhere', (link) => {
    expect(places(linked(link))).toEqual(['docs/a.md:4'])
  })
})

describe('namedPaths', () => {
  it('finds a path in backticks that is not there, except in the history', () => {
    const text = '# A\n`src/base/a.ts` `src/gone.ts` `src/base/`\n'
    const tree = snippets({ 'a.md': text, 'CHANGELOG.md': text, 'src/base/a.ts': '' })
    expect(namedPaths(tree).map(({ problem }) => problem)).toEqual([
      'speaks of src/gone.ts, which is not there',
    ])
  })
})

describe('documentsNamedInCode', () => {
  it('finds a document that a comment or a message names and nobody wrote', () => {
    const text = "// See docs/a.md.\nsay('more in docs/gone.md')\n"
    expect(places(documentsNamedInCode(snippets({ 'src/x.ts': text, 'docs/a.md': '' })))).toEqual([
      'src/x.ts:2',
    ])
  })
})

describe('settings', () => {
  it('wants the same names in the README and in the files that read the environment', () => {
    const tree = snippets({
      'src/main/environment.ts': 'const { DRYDOCK_LISTEN, DRYDOCK_NEW } = process.env',
      'src/main/other.ts': 'const DRYDOCK_INSIDE = 1',
      'README.md': '# X\n\n| `DRYDOCK_LISTEN` | x |\n| `DRYDOCK_OLD` | y |\n',
    })
    expect(settings(tree).map(({ path, line, problem }) => `${path}:${line} ${problem}`)).toEqual([
      'src/main/environment.ts:1 reads DRYDOCK_NEW, told nowhere',
      'README.md:4 tells of DRYDOCK_OLD, which nothing reads',
    ])
  })
})

describe('reasonCodes', () => {
  const codesIn = (text: string) =>
    reasonCodes(snippets({ 'src/domain/a.ts': text })).map(({ code }) => code)

  it.each([
    ["const A_REASONS = ['a-b', 'c'] as const", ['a-b', 'c']],
    ["type HoldReason = 'a' | 'b-c'", ['a', 'b-c']],
    [
      "type R = { readonly code: 'a'; readonly limit: number } | { code: 'b' | 'c' }",
      ['a', 'b', 'c'],
    ],
    ["refuse({ code: 'not-there' })", ['not-there']],
    ["const x = { reason: late ? 'too-late' : 'too-early' }", ['too-late', 'too-early']],
    ["throw new Fault({ code: 'disk-full', doing: 'x' })", ['disk-full']],
    ["const x = { reason: 'Not a code.', code: 'ENOENT' }", []],
    ["const x = { kind: 'deb' }", []],
    ["const no = (reason: R) => ({ reason })\nno('too-late')", ['too-late']],
    ["function back(at: number, code: string) {}\nback(1, 'too-late')", ['too-late']],
    ["function say(text: string) {}\nsay('too-late')", []],
  ])('%s declares %j', (text, codes) => {
    expect(codesIn(text)).toEqual(codes)
  })
})

describe('reasonCodes across files', () => {
  it('follows a function that is imported', () => {
    const tree = snippets({
      'src/server/refusal.ts': 'export function refusal(status: number, code: string) {}',
      'src/server/enrol.ts': "import { refusal } from './refusal.ts'\nrefusal(403, 'not-you')",
      'docs/http-status.md': '',
    })
    expect(reasonCodes(tree).map(({ code }) => code)).toEqual(['not-you'])
    expect(places(statusesExplained(tree))).toEqual(['src/server/enrol.ts:2'])
  })
})

describe('reasonsExplained', () => {
  it('wants each code in the first column once, and no row without its code', () => {
    const tree = snippets({
      'src/domain/a.ts': "const X_REASONS = ['told', 'untold']",
      'docs/reasons.md': '| Code | Means |\n| --- | --- |\n| `told` | x |\n| `gone-by` | y |\n',
    })
    expect(reasonsExplained(tree).map(({ problem }) => problem)).toEqual([
      'has the reason untold, explained nowhere',
      'explains gone-by, which nothing gives any more',
    ])
  })
})

describe('statusesExplained', () => {
  it('finds a status the document does not have, however it is given', () => {
    const text = ['const a = { status: 404 }', 'reply.code(418)', 'r.writeHead(507)'].join('\n')
    const tree = snippets({
      'src/server/a.ts': text,
      'docs/http-status.md': '| 404 | x |\n| 404 | again |\n',
    })
    expect(places(statusesExplained(tree))).toEqual([
      ...['src/server/a.ts:2', 'src/server/a.ts:3', 'docs/http-status.md:2'],
    ])
  })
})

describe('supply', () => {
  it('wants a digest and no address in the lockfile', () => {
    const packages = {
      '': { name: 'x' },
      'node_modules/right': { integrity: 'sha512-x' },
      'node_modules/address': { integrity: 'sha512-x', resolved: 'https://example.org/x.tgz' },
      'node_modules/bare': {},
      'node_modules/foreign-tool': { dev: true, optional: true, os: ['darwin'] },
      'node_modules/foreign': { optional: true, os: ['darwin'] },
      'node_modules/tool': { integrity: 'x', optionalDependencies: { 'not-there': '1.2.3' } },
    }
    const tree = snippets({ 'package-lock.json': JSON.stringify({ packages }) })
    expect(lockfile(tree).map(({ problem }) => problem.split(' ').at(-1))).toEqual([
      ...['node_modules/address', 'node_modules/bare', 'node_modules/foreign', 'not-there'],
    ])
  })

  it('wants exact versions', () => {
    const dependencies = { right: '1.2.3', beta: '1.2.3-beta.4', range: '^1.2.3', any: '*' }
    const tree = snippets({ 'package.json': JSON.stringify({ dependencies }) })
    expect(pinned(tree).map(({ problem }) => problem)).toEqual([
      ...['asks for range at ^1.2.3', 'asks for any at *'],
    ])
  })

  it('wants the files that scripts run', () => {
    const manifest = { scripts: { a: 'node tools/a.ts && node ./tools/b.ts', c: 'tsc -p .' } }
    const tree = snippets({ 'package.json': JSON.stringify(manifest), 'tools/a.ts': '' })
    expect(scripts(tree).map(({ problem }) => problem)).toEqual([
      'has a script "a" that runs tools/b.ts, which is not there',
    ])
  })

  it('finds a registry by name: a public one, or the one this machine uses', () => {
    const tree = snippets({
      'a.md': `x\nhttps://registry.${'npmjs'}.org/x`,
      'b.md': 'npm.corp.example',
    })
    const own = ownRegistries('https://npm.corp.example/repository/')
    expect(places(registries(tree, own))).toEqual(['a.md:2', 'b.md:1'])
    expect(ownRegistries('http://127.0.0.1:4873/')).toEqual([])
  })
})
