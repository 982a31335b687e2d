import { describe, expect, it } from 'vitest'
import { BANNED, type BannedRow, banned } from './banned.ts'
import { catches } from './failures.ts'
import { places } from './findings.ts'
import { forbiddenSyntax, strayTestMarks, unexplainedSkips, unfinished } from './leftovers.ts'
import { snippets } from './tree.ts'

const one = (text: string, path = 'src/base/x.ts') => snippets({ [path]: text })

describe('banned', () => {
  // Rows without their places, so that a snippet is a whole tree.
  const found = (text: string, path: string) =>
    banned(one(text, path), BANNED).filter((finding) => finding.path === path)

  it.each([
    ['src/server/a.ts', 'const at = Date.now()'],
    ['src/server/a.ts', 'const at = new Date()'],
    ['src/server/a.test.ts', 'setTimeout(done, 10)'],
    ['src/store/a.ts', 'const id = randomUUID()'],
    ['src/cli/a.ts', 'const home = process.env.HOME'],
    ['src/pack/a.ts', "import { readFile } from 'node:fs/promises'"],
    ['src/server/public-api/a.ts', "import http from 'node:http'"],
    ['src/server/a.ts', "import { sql } from 'kysely'"],
    ['src/domain/a.ts', "import { createHash } from 'node:crypto'"],
    ['src/domain/a.ts', 'export async function decide() {}'],
    ['src/server/a.ts', 'console.log(1)'],
    ['src/agent/a.ts', "import { setTimeout } from 'node:timers/promises'"],
  ])('%s may not say: %s', (path, text) => {
    expect(found(text, path)).not.toEqual([])
  })

  it.each([
    ['src/base/clock.ts', 'const at = Date.now()'],
    ['src/server/a.ts', 'const at = new Date(now)'],
    ['src/server/a.ts', '// Date.now() is for base'],
    ['src/server/a.ts', "const text = 'Date.now()'"],
    ['src/store/a.ts', "import { sql } from 'kysely'"],
    ['src/server/a.ts', 'server.setTimeout(1000)'],
    ['src/server/a.test.ts', "import { mkdtemp } from 'node:fs/promises'"],
    ['src/main/environment.ts', 'const home = process.env.HOME'],
  ])('%s may say: %s', (path, text) => {
    expect(found(text, path)).toEqual([])
  })

  it('fails a row that names a place that is gone', () => {
    const row: BannedRow = {
      ...{ pattern: /x/g, in: 'code', under: ['src/'], except: ['src/gone.ts'] },
      ...{ instead: 'y', why: 'z' },
    }
    expect(banned(one(''), [row])[0]?.problem).toContain('src/gone.ts, which is not there')
  })
})

describe('catches', () => {
  it.each([
    ['an empty clause', 'try { a() } catch { }'],
    ['a clause that goes on', 'try { a() } catch (e) { log.warn({}, "x") }'],
    ['a throw that belongs to an inner function', 'try { a() } catch { b(() => { throw 1 }) }'],
    ['an empty handler', 'a().catch(() => {})'],
    ['returning what a log says', 'function f() { try { a() } catch (e) { return log.warn(e) } }'],
    ['a plain value', 'function f() { try { a() } catch { return null } }'],
  ])('refuses %s', (_what, text) => {
    expect(catches(one(text))).toHaveLength(1)
  })

  it.each([
    ['rethrowing', 'try { a() } catch (cause) { throw new Fault({ cause }) }'],
    ['refusing', "function f() { try { a() } catch { return refuse({ code: 'x' }) } }"],
    ['refusing by hand', 'function f() { try { a() } catch { return { ok: false, refusal } } }'],
    [
      'refusing through a function of the file',
      "function f() { try { a() } catch { return no('x') } }\nfunction no(x) { return refuse(x) }",
    ],
    ['a reason', 'try { a() } catch {\n  // Best effort: it was only a hint.\n}'],
    ['a reason above', '// Best effort: only a hint.\nawait a().catch(() => {})'],
    ['passing it on', 'new Promise((resolve, reject) => a().catch((e) => { reject(e) }))'],
    ['passing it on to a waiter', 'try { a() } catch (e) { for (const w of ws) w.reject(e) }'],
    [
      'handing it on and returning what comes',
      'function f() { try { a() } catch (e) { return b(e) } }',
    ],
    ['ending the process', 'try { a() } catch (e) { process.exit(1) }'],
    ['ending a stream with it', 'a().catch((error) => tar.destroy(error))'],
    ['a handler by name', 'a().catch(nullIfMissing)'],
  ])('allows %s', (_what, text) => {
    expect(catches(one(text))).toEqual([])
  })
})

describe('unfinished', () => {
  const promise = `TO${'DO'}`

  it.each([`// FIX${'ME'} later`, `// ${promise}: later`, `// ${promise}(someone): later`])(
    'refuses %s',
    (text) => {
      expect(unfinished(one(text))).toHaveLength(1)
    },
  )

  it('allows a promise that names its issue', () => {
    expect(unfinished(one(`// ${promise}(#12): say what.`))).toEqual([])
  })
})

describe('strayTestMarks', () => {
  it('finds what singles a test out or switches it off', () => {
    const text = "it.only('a', f)\ndescribe.skip('b', f)\nit.skipIf(x)('c', f)\nit.each([])('d', f)"
    expect(places(strayTestMarks(one(text, 'src/a.test.ts')))).toEqual([
      'src/a.test.ts:1',
      'src/a.test.ts:2',
    ])
  })
})

describe('unexplainedSkips', () => {
  it('wants what is needed in the name', () => {
    const text = [
      "it.skipIf(!hasDpkg)('installs', f)",
      "it.skipIf(!hasDpkg)('installs (needs dpkg)', f)",
      "describe.runIf(isRoot)('as root', f)",
      "it('runs', f)",
    ].join('\n')
    expect(places(unexplainedSkips(one(text, 'src/a.test.ts')))).toEqual([
      ...['src/a.test.ts:1', 'src/a.test.ts:3'],
    ])
  })

  it('trusts a file that asks for its programs', () => {
    const text = "const hasDpkg = needs('dpkg')\nit.skipIf(!hasDpkg)('installs', f)"
    expect(unexplainedSkips(one(text, 'src/a.test.ts'))).toEqual([])
  })
})

describe('forbiddenSyntax', () => {
  it.each([
    'let a: any',
    'enum A { B }',
    'export default 1',
    "export * from './a.ts'",
    'namespace A { export const b = 1 }',
  ])('refuses %s', (text) => {
    expect(forbiddenSyntax(one(text))).toHaveLength(1)
  })

  it('allows a word that merely looks like it', () => {
    expect(forbiddenSyntax(one("const any = 'enum'\nexport { any }"))).toEqual([])
  })
})
