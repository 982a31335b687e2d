import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../test/needs.ts'
import { APP_TOOLS, buildAndroidAgent, FRAMEWORK, KEPT_APP } from './android-agent.ts'

const SOURCES = join(import.meta.dirname, '../android/smali')
const canBuild = needs(...APP_TOOLS) && existsSync(FRAMEWORK)

describe('the app for Android', () => {
  it.skipIf(!canBuild)('is kept as its sources make it (needs aapt2, smali)', () => {
    // Run `node tools/android-agent.ts` after a change below android/.
    expect(Buffer.compare(buildAndroidAgent(), readFileSync(KEPT_APP))).toBe(0)
  })

  it.skipIf(!needs('dexdump', 'bsdtar'))(
    'has the classes of its sources, as another reader lists them (needs dexdump)',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'drydock-dex-'))
      try {
        spawnSync('bsdtar', ['-xf', KEPT_APP, '-C', folder, 'classes.dex'])
        const dumped = spawnSync('dexdump', ['-f', join(folder, 'classes.dex')], {
          encoding: 'utf8',
        })
        expect(dumped.status).toBe(0)
        const classes = [...dumped.stdout.matchAll(/Class descriptor {2}: 'L(.*);'/g)]
        const names = readdirSync(SOURCES).map((file) => file.replace(/\.smali$/, ''))
        expect(classes.map(([, name]) => name).toSorted()).toEqual(
          names.map((name) => `dev/drydock/agent/${name}`).toSorted(),
        )
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  it.skipIf(!needs('baksmali', 'bsdtar'))(
    'reads no register that is not set on every way, as dexlib2 sees it (needs baksmali)',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'drydock-flow-'))
      try {
        spawnSync('bsdtar', ['-xf', KEPT_APP, '-C', folder, 'classes.dex'])
        const options = ['--register-info', 'ARGS', '--bootclasspath', '', '--output', folder]
        const words = ['disassemble', ...options, join(folder, 'classes.dex')]
        expect(spawnSync('baksmali', words, { encoding: 'utf8' })).toMatchObject({ status: 0 })
        const written = join(folder, 'dev/drydock/agent')
        const texts = readdirSync(written).map((name) => readFileSync(join(written, name), 'utf8'))
        // A comment with what each register holds, then the instruction. These only read.
        const reads = /^ *#(\S+)\n *((?:invoke|if|return|throw|[isa]put|sparse)\S*.*)$/gm
        const found = texts.flatMap((text) => [...text.matchAll(reads)])
        expect(found.length).toBeGreaterThan(500)
        const flaws = found.filter(([, held = '']) =>
          /\((?:Conflicted|Uninit|Unknown)\)/.test(held),
        )
        expect(flaws.map(([text]) => text)).toEqual([])
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  it('names in its manifest classes that there are, and keeps what is not for others to itself', () => {
    const manifest = readFileSync(join(SOURCES, '../AndroidManifest.xml'), 'utf8')
    const named = [...manifest.matchAll(/android:name="\.(\w+)"/g)].map(([, name]) => name)
    const files = readdirSync(SOURCES)
    for (const name of named) expect(files).toContain(`${name}.smali`)
    const components = manifest.match(/<(?:activity|receiver|service)\b[^>]*>/g) ?? []
    expect(components.length).toBe(named.length)
    const open = components.filter((each) => each.includes('android:exported="true"'))
    const guarded = open.filter((each) => each.includes('permission.BIND_DEVICE_ADMIN"'))
    // The one that a person starts does nothing but show how things are.
    expect(open.filter((each) => !guarded.includes(each))).toHaveLength(1)
    expect(components.filter((each) => !each.includes('android:exported='))).toEqual([])
  })
})
