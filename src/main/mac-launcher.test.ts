/** The launchers for Macs, which nothing here can run: their signatures must fit. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { layoutFor } from '../agent/layout.ts'
import type { Arch } from '../base/platform.ts'
import { readSignature } from '../pack/macho/read-signature.suite.ts'
import { CONFIG_FOLDER, PROGRAM_FOLDER, STATE_FOLDER } from '../pack/macos/layout.ts'
import { buildAgent, hostRuntime, hostTarget, runtimeName } from './build-agent.ts'

const RUNTIMES = join(import.meta.dirname, '../../build/runtimes')

/** As `npm run agent:release` has unpacked it; null when it never ran for this target. */
function runtimeOf(arch: Arch): string | null {
  const name = runtimeName({ platform: 'macos', arch, libc: 'none' })
  const folders = existsSync(RUNTIMES) ? readdirSync(RUNTIMES) : []
  const folder = folders.find((each) => each.startsWith(`${name}-`))
  // The summary of skipped tests reads this line.
  if (folder === undefined) console.warn(`skipped: the runtime ${name} is missing`)
  return folder === undefined ? null : join(RUNTIMES, folder, 'package/bin/bun')
}

it('launcher and package mean the same places', () => {
  const layout = layoutFor('/root', '', 'macos')
  expect(layout.program).toBe(`/root/${PROGRAM_FOLDER}`)
  expect(layout.state).toBe(`/root/${STATE_FOLDER}`)
  expect(layout.settings).toBe(`/root/${CONFIG_FOLDER}/agent.json`)
})

describe.each([
  ['x64', 'drydock-agent'],
  ['arm64', null],
] as const)('the launcher for Macs with %s', (arch, identifier) => {
  const runtimePath = runtimeOf(arch)
  const options = { timeout: 60_000 }
  it.skipIf(runtimePath === null)(
    'is signed, every page (needs bun for Macs)',
    options,
    async () => {
      const outDir = mkdtempSync(join(tmpdir(), 'drydock-mac-'))
      try {
        const { launcher } = await buildAgent({
          target: { platform: 'macos', arch, libc: 'none' },
          runtimePath: runtimePath ?? '',
          compilerPath: hostRuntime(hostTarget(process)) ?? '',
          outDir,
        })
        const signature = readSignature(readFileSync(launcher))
        expect(signature.wrong).toEqual([])
        expect(signature.flags).toBe(0x20002)
        expect(signature.pages).toBeGreaterThan(10_000)
        if (identifier !== null) expect(signature.identifier).toBe(identifier)
      } finally {
        rmSync(outDir, { recursive: true })
      }
    },
  )
})
