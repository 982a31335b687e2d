/**
 * The launcher for Windows with a signature of the operator's: osslsigncode finds it good, and what
 * was compiled into it still runs, as far as wine is a Windows.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildAgent, hostRuntime, hostTarget } from '../../src/main/build-agent.ts'
import { TEST_CODE_CERTIFICATE } from '../../src/trust/testing/code-certificate.ts'
import { runtimeFor } from '../../tools/agent-runtime.ts'
import { certificateOf, signProgramFile } from '../../tools/sign-program.ts'
import { needs } from '../needs.ts'
import { run } from './processes.ts'
import { hasWine, makeWine, type Wine } from './wine.ts'

const TARGET = { platform: 'windows', arch: 'x64', libc: 'none' } as const

describe.skipIf(!hasWine || !needs('osslsigncode'))(
  'the signed agent for Windows (needs wine, mingw, osslsigncode)',
  () => {
    let folder: string
    let wine: Wine
    let launcher: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'drydock-signed-'))
      wine = await makeWine()
      const compilerPath = hostRuntime(hostTarget(process))
      if (compilerPath === null) throw new Error('the runtime of this machine is not installed')
      const runtimePath = runtimeFor(TARGET)
      const order = { target: TARGET, runtimePath, outDir: folder, compilerPath }
      ;({ launcher } = await buildAgent(order))
      await writeFile(join(folder, 'certificate.pem'), TEST_CODE_CERTIFICATE.pem)
      await signProgramFile(launcher, certificateOf(join(folder, 'certificate.pem'), undefined))
    })
    afterAll(async () => {
      await wine?.[Symbol.asyncDispose]()
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    })

    it('has a good signature, until a byte of it is flipped', async () => {
      const authority = join(folder, 'authority.pem')
      await writeFile(authority, TEST_CODE_CERTIFICATE.authority)
      const verify = (file: string) =>
        run(['osslsigncode', 'verify', '-CAfile', authority, '-in', file])
      expect(await verify(launcher)).toContain('Signature verification: ok')
      const bytes = await readFile(launcher)
      // In what the compiler put there: our own code.
      const place = bytes.length - 20_000
      bytes[place] = (bytes[place] ?? 0) ^ 1
      const flipped = join(folder, 'flipped.exe')
      await writeFile(flipped, bytes)
      await expect(verify(flipped)).rejects.toThrow()
    })

    it('runs, and is the agent', async () => {
      await copyFile(launcher, join(wine.drive, 'drydock-agent.exe'))
      const { code, output } = await wine.run('C:\\drydock-agent.exe', 'facts')
      expect([code, output]).toEqual([0, expect.stringContaining('windows')])
    })
  },
)
