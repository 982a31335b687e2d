import { describe, expect, it } from 'vitest'
import { completeLockfile } from './complete-lockfile.ts'

const tool = (wanted: Record<string, string>) => ({
  packages: {
    '': { name: 'x', optionalDependencies: { 'not-ours-to-add-darwin-x64': '1.0.0' } },
    'node_modules/z-tool': { version: '1.2.3', dev: true, optionalDependencies: wanted },
    'node_modules/@z/cli-linux-x64': { version: '1.2.3', integrity: 'sha512-x' },
  },
})

describe('completeLockfile', () => {
  it.each([
    ['@z/cli-darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
    ['@z/cli-linux-arm64-musl', { os: ['linux'], cpu: ['arm64'], libc: ['musl'] }],
    ['@z/binding-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
    ['@z/binding-win32-x64-msvc', { os: ['win32'], cpu: ['x64'] }],
  ])('adds %s for its platform only', (name, platform) => {
    const { packages } = completeLockfile(tool({ [name]: '1.2.3' }))
    const entry = packages[`node_modules/${name}`]
    expect(entry).toEqual({ version: '1.2.3', dev: true, optional: true, ...platform })
  })

  it('leaves alone what is there, what names no platform, and what the root asks for', () => {
    const before = tool({ '@z/cli-linux-x64': '1.2.3', 'plain-optional': '1.2.3' })
    expect(Object.keys(completeLockfile(before).packages).sort()).toEqual(
      Object.keys(before.packages).sort(),
    )
  })

  it('completes twice as it completes once', () => {
    const once = completeLockfile(tool({ '@z/cli-darwin-x64': '1.2.3' }))
    expect(JSON.stringify(completeLockfile(once))).toBe(JSON.stringify(once))
  })
})
