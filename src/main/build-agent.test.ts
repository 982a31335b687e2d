import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Target } from '../base/platform.ts'
import { buildAgent, hostRuntime, hostTarget, runtimeName } from './build-agent.ts'

const folder = mkdtempSync(join(tmpdir(), 'drydock-build-'))
afterAll(() => rmSync(folder, { recursive: true }))
const target = hostTarget(process)
const runtimePath = hostRuntime(target) ?? ''

describe('buildAgent', () => {
  it('gives the same bytes wherever it writes them, and nothing of the machine', async () => {
    const first = await buildAgent({ target, runtimePath, outDir: join(folder, 'one') })
    const second = await buildAgent({ target, runtimePath, outDir: join(folder, 'deeper/two') })
    for (const part of ['launcher', 'agent'] as const) {
      const bytes = readFileSync(first[part])
      expect(bytes.equals(readFileSync(second[part]))).toBe(true)
      expect(bytes.includes(process.cwd())).toBe(false)
      expect(bytes.includes(folder)).toBe(false)
    }
    expect(readdirSync(join(folder, 'one')).sort()).toEqual(['agent.mjs', 'drydock-agent'])
  })

  it('the executable runs no code that lies in its working directory', async () => {
    const { launcher } = await buildAgent({ target, runtimePath, outDir: join(folder, 'three') })
    const trap = mkdtempSync(join(folder, 'trap-'))
    writeFileSync(join(trap, 'evil.js'), `require('fs').writeFileSync('${trap}/evil', '')`)
    writeFileSync(join(trap, 'bunfig.toml'), 'preload = ["./evil.js"]')
    writeFileSync(join(trap, '.env'), 'BUN_OPTIONS=--preload=./evil.js')
    const said = execFileSync(launcher, ['--help'], { cwd: trap, env: {}, encoding: 'utf8' })
    expect(said).toContain('usage: drydock-agent')
    expect(readdirSync(trap)).not.toContain('evil')
  })

  it('a compiler that fails is a fault, and leaves nothing behind', async () => {
    const outDir = join(folder, 'four')
    const order = { target, runtimePath: '/bin/false', outDir }
    await expect(buildAgent(order)).rejects.toMatchObject({ code: 'agent-not-built' })
    expect(readdirSync(outDir)).toEqual([])
  })

  it('a build that is called off ends at once, and leaves nothing behind', async () => {
    const outDir = join(folder, 'five')
    const order = { target, runtimePath, outDir, signal: AbortSignal.abort() }
    await expect(buildAgent(order)).rejects.toMatchObject({ code: 'agent-not-built' })
    expect(readdirSync(outDir)).toEqual([])
  })
})

describe('runtimeName', () => {
  it.each<[Target, string]>([
    [{ platform: 'linux', arch: 'x64', libc: 'glibc' }, 'bun-linux-x64'],
    [{ platform: 'linux', arch: 'arm64', libc: 'musl' }, 'bun-linux-aarch64-musl'],
    [{ platform: 'windows', arch: 'x64', libc: 'none' }, 'bun-windows-x64'],
    [{ platform: 'macos', arch: 'arm64', libc: 'none' }, 'bun-darwin-aarch64'],
  ])('%j is %s', (of, name) => {
    expect(runtimeName(of)).toBe(name)
  })
})
