/** The launchers for Macs, which nothing here can run: their signatures must fit. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildAgent, hostRuntime, hostTarget } from '../../src/main/build-agent.ts'
import { readSignature } from '../../src/pack/macho/read-signature.suite.ts'
import { runtimeFor } from '../../tools/agent-runtime.ts'

describe.each([
  ['x64', 'drydock-agent'],
  ['arm64', null],
] as const)('the launcher for Macs with %s', (arch, identifier) => {
  it('is signed, every page', async () => {
    const target = { platform: 'macos', arch, libc: 'none' } as const
    const outDir = mkdtempSync(join(tmpdir(), 'drydock-mac-'))
    try {
      const { launcher } = await buildAgent({
        target,
        runtimePath: runtimeFor(target),
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
  })
})
