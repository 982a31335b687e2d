import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Chance } from '../../../test/fuzz/chance.ts'
import { needs } from '../../../test/needs.ts'
import { Fault } from '../../base/fault.ts'
import { signAdHoc } from './ad-hoc-signature.ts'
import { readMacho } from './load-commands.ts'
import { readSignature } from './read-signature.suite.ts'
import {
  CODE_LENGTH,
  COMMANDS_LENGTH,
  sampleExecutable as sample,
} from './sample-executable.suite.ts'

const CASES = 20_000
/** Always the same: what fails here fails again. */
const SEED = 20_261_122

describe('an ad-hoc signature', () => {
  it('fits every page, and names the program', () => {
    const signed = signAdHoc(sample(), 'drydock-agent')
    expect(readSignature(signed)).toEqual({
      identifier: 'drydock-agent',
      flags: 0x20002,
      pages: 3,
      wrong: [],
    })
  })

  it('fits no longer when a byte is another', () => {
    const signed = signAdHoc(sample(), 'drydock-agent')
    for (const at of [40, 5000, CODE_LENGTH - 1]) {
      const flipped = signed.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect(readSignature(flipped).wrong).toEqual([Math.floor(at / 4096)])
    }
  })

  it('is the same for the same executable, whatever was there, and again', () => {
    const signed = signAdHoc(sample(), 'x')
    expect(Buffer.compare(signAdHoc(sample(), 'x'), signed)).toBe(0)
    expect(Buffer.compare(signAdHoc(signed, 'x'), signed)).toBe(0)
  })

  it('changes no code but what says how long it is', () => {
    const [before, after] = [sample(), Buffer.from(signAdHoc(sample(), 'x'))]
    const changed = [...before.subarray(0, CODE_LENGTH).entries()]
      .filter(([at, byte]) => after[at] !== byte)
      .map(([at]) => at)
    const allowed = [...Array(8).keys()].flatMap((at) => [104 + 48 + at, 104 + 32 + at])
    expect(changed.filter((at) => ![...allowed, 188, 189, 190, 191].includes(at))).toEqual([])
    const { segments, signature } = readMacho(after)
    expect(segments[1]).toMatchObject({ fileOffset: 0x2000, addressSize: 0x4000 })
    expect((segments[1]?.fileOffset ?? 0) + (segments[1]?.fileSize ?? 0)).toBe(after.length)
    expect(signature.offset + signature.size).toBe(after.length)
  })

  it.skipIf(!needs('llvm-objdump'))('is read by llvm-objdump (needs llvm-objdump)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-macho-'))
    try {
      writeFileSync(join(folder, 'it'), signAdHoc(sample(), 'x'))
      const words = ['-p', '--macho', join(folder, 'it')]
      const { stdout, stderr } = spawnSync('llvm-objdump', words, { encoding: 'utf8' })
      expect(stderr).toBe('')
      expect(stdout).toMatch(/cmd LC_CODE_SIGNATURE\s+cmdsize 16\s+dataoff 9216\s/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('refuses what is no such executable, whichever byte of its commands is another', () => {
    const good = sample()
    let refused = 0
    for (let at = 0; at < 32 + COMMANDS_LENGTH; at++) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const bad = Buffer.from(good)
        bad[at] = byte
        try {
          signAdHoc(bad, 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(Fault)
          refused += 1
        }
      }
    }
    expect(refused).toBeGreaterThan(200)
  })

  it(`signs or refuses what somebody changed, ${CASES} times`, () => {
    const chance = new Chance(SEED)
    const good = sample()
    const counts = { signed: 0, refused: 0 }
    for (let index = 0; index < CASES; index++) {
      const bad = Buffer.from(good)
      for (let changes = 1 + chance.below(4); changes > 0; changes--) {
        bad[chance.below(32 + COMMANDS_LENGTH)] = chance.of([0, 1, 0x1d, 0x19, 0x7f, 0x80, 0xff])
      }
      const cut = chance.below(10) === 0 ? bad.subarray(0, chance.below(bad.length)) : bad
      try {
        expect(readSignature(signAdHoc(cut, 'x')).wrong).toEqual([])
        counts.signed += 1
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'macho-unreadable') throw error
        counts.refused += 1
      }
    }
    expect(Math.min(counts.signed, counts.refused)).toBeGreaterThan(CASES / 50)
  })

  it.each([0, 3, 31, 100, 191, CODE_LENGTH + 1])('refuses what is cut after %i bytes', (length) => {
    expect(() => signAdHoc(sample().subarray(0, length), 'x')).toThrow(/macho-unreadable/)
  })
})
