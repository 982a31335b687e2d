import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { describeNeeds } from '../../test/needs.ts'
import { iconBytes } from '../pack/windows-icon.ts'
import { builtInVersion } from './product-version.ts'
import { describeProgram } from './windows-program.ts'

const COMPILER = 'x86_64-w64-mingw32-gcc'
const SOURCE = fileURLToPath(new URL('../../test/acceptance/wine/idle.c', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'drydock-program-'))
afterAll(() => rmSync(folder, { recursive: true }))

describeNeeds([COMPILER, '7z'], 'a program for Windows', () => {
  it('says its version, its name and its maker, and shows an icon', async () => {
    const path = join(folder, 'program.exe')
    execFileSync(COMPILER, ['-s', '-o', path, SOURCE])
    const about = { version: builtInVersion(), icon: iconBytes() }
    const original = readFileSync(path)
    const described = await describeProgram(original, about)
    writeFileSync(path, described)
    // 7z reads the version resource as text, and the icon as a file.
    const listed = execFileSync('7z', ['l', '-slt', path], { encoding: 'utf8' })
    expect(listed).toContain(`FileVersion: ${builtInVersion()}`)
    expect(listed).toContain(`ProductVersion: ${builtInVersion()}`)
    expect(listed).toContain('CompanyName: Drydock')
    expect(listed).toContain('ProductName: Drydock Agent')
    expect(listed).toMatch(/\.ico$/m)
    const again = await describeProgram(original, about)
    expect(Buffer.from(again).equals(described)).toBe(true)
  })
})
