/**
 * What runs as root on every endpoint is known by name: the modules of launcher and agent stand in
 * `agent.modules.txt`, a package as one line. A new line is a decision; `GOLDEN=1` writes it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { hostRuntime, hostTarget } from './build-agent.ts'

const LIST = fileURLToPath(new URL('agent.modules.txt', import.meta.url))
const SOURCE = fileURLToPath(new URL('../..', import.meta.url))
/**
 * Every upgrade of a fleet carries `agent.mjs` once to every endpoint, and every process reads it
 * whole: what it has now, and a tenth. Two thirds are zod.
 */
const AGENT_BYTES_MAX = 192_000
const LAUNCHER_BYTES_MAX = 178_000

type Meta = {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly { path: string }[] }>>
  readonly outputs: Readonly<Record<string, { readonly bytes: number }>>
}

const folder = mkdtempSync(join(tmpdir(), 'drydock-modules-'))
afterAll(() => rmSync(folder, { recursive: true }))

function bundle(entry: string): { readonly modules: readonly string[]; readonly bytes: number } {
  const runtime = hostRuntime(hostTarget(process)) ?? ''
  const meta = join(folder, `${entry}.json`)
  const out = [`--outfile=${join(folder, `${entry}.mjs`)}`, `--metafile=${meta}`]
  execFileSync(runtime, ['build', '--minify', '--target=bun', `src/main/${entry}.ts`, ...out], {
    cwd: SOURCE,
    env: { HOME: folder, TMPDIR: tmpdir(), PATH: '/usr/bin:/bin' },
    stdio: 'ignore',
  })
  const { inputs, outputs }: Meta = JSON.parse(readFileSync(meta, 'utf8'))
  const names = Object.entries(inputs).flatMap(([path, { imports }]) => [
    path,
    ...imports.map((each) => each.path).filter((name) => /^(?:node|bun):/.test(name)),
  ])
  const modules = new Set(names.map((name) => /^node_modules\/[^/]+/.exec(name)?.[0] ?? name))
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0)
  return { modules: [...modules].sort(), bytes }
}

describe('the bundle', () => {
  const launcher = bundle('agent-launcher')
  const agent = bundle('agent')

  it('holds the modules that are listed, and no others', () => {
    const part = (name: string, modules: readonly string[]) => `${name}\n${modules.join('\n')}\n`
    const text = `${part('launcher', launcher.modules)}\n${part('agent', agent.modules)}`
    if (process.env.GOLDEN === '1') writeFileSync(LIST, text)
    expect(text).toBe(readFileSync(LIST, 'utf8'))
  })

  it('stays within its bytes', () => {
    expect(agent.bytes).toBeLessThanOrEqual(AGENT_BYTES_MAX)
    expect(launcher.bytes).toBeLessThanOrEqual(LAUNCHER_BYTES_MAX)
  })
})
