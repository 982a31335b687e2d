import { describe, expect, it } from 'vitest'
import type { Target } from '../base/platform.ts'
import { FORMATS } from './writer.ts'
import { formatsFor, writers } from './writers.ts'

describe('the table of writers', () => {
  it.each(FORMATS)('lists the writer of %s under its own name', (format) => {
    expect(writers[format].format).toBe(format)
    expect(writers[format].mediaType).toMatch(/^(?:application|image)\/[a-z0-9.-]+$/)
  })

  it.each<readonly [Target, readonly string[]]>([
    [{ platform: 'linux', arch: 'x64', libc: 'glibc' }, ['deb', 'rpm', 'sh']],
    [{ platform: 'linux', arch: 'arm64', libc: 'glibc' }, ['deb', 'rpm', 'sh']],
    [{ platform: 'linux', arch: 'x64', libc: 'musl' }, ['sh']],
    [{ platform: 'windows', arch: 'x64', libc: 'none' }, ['msi']],
    [{ platform: 'macos', arch: 'arm64', libc: 'none' }, ['pkg']],
    [{ platform: 'android', arch: 'arm64', libc: 'none' }, ['apk', 'qr']],
  ])('says which formats %j can be had in: %j', (target, formats) => {
    expect(formatsFor(target, 'standalone')).toEqual(formats)
  })
})
