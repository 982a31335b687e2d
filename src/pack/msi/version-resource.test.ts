import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VersionReader } from './_version-resource.ts'
import { sampleProgram } from './program.suite.ts'

function versionOf(program: Uint8Array, partLength = program.length) {
  const reader = new VersionReader()
  for (let at = 0; at < program.length; at += partLength) {
    reader.push(program.subarray(at, at + partLength))
  }
  return reader.version()
}

describe('the version of a program', () => {
  const program = sampleProgram([1, 4, 5, 65_535])

  it.each([1, 7, 500, 1024, 1_000_000])('is read from parts of %i bytes', (length) => {
    expect(versionOf(program, length)).toEqual({ version: '1.4.5.65535', language: '1033' })
  })

  it.each([1000, 60_000, 65_536, 200_000])(
    'is read where it lies behind %i bytes',
    (headLength) => {
      const long = sampleProgram([10, 0, 0, 1], { headLength, language: 0 })
      expect(versionOf(long, 50_000)).toEqual({ version: '10.0.0.1', language: '0' })
    },
  )

  it('is none where there is no such resource, and in what is no program', () => {
    expect(versionOf(sampleProgram(null))).toBeNull()
    expect(versionOf(Buffer.from('#!/bin/sh\n'))).toBeNull()
    expect(versionOf(new Uint8Array())).toBeNull()
    expect(versionOf(program.subarray(0, 1100))).toBeNull()
  })

  it('is read or not of bytes that are damaged, without a fault', () => {
    const change = fc.record({ at: fc.nat(program.length - 1), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = Buffer.from(program)
        for (const { at, byte } of changes) damaged[at] = byte
        const version = versionOf(damaged, 700)
        expect(version === null || /^\d+(\.\d+){3}$/.test(version.version)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })
})
