import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { SYSTEMD_UNIT } from './systemd-unit.ts'

const ANALYZE = 'systemd-analyze'
const hasAnalyze = needs(ANALYZE)

function analyze(words: readonly string[]): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-unit-'))
  try {
    const file = join(folder, 'drydock-agent.service')
    writeFileSync(file, SYSTEMD_UNIT)
    const done = spawnSync(ANALYZE, [...words, file], { encoding: 'utf8' })
    return { status: done.status, output: `${done.stdout}${done.stderr}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the systemd unit', () => {
  it.skipIf(!hasAnalyze)('is read by systemd without a complaint (needs systemd-analyze)', () => {
    const { output } = analyze(['verify', '--man=no'])
    expect(output.split('\n').filter((line) => line.includes('drydock-agent'))).toEqual([])
  })

  it.skipIf(!hasAnalyze)(
    'does not fall behind the exposure it was published with (needs systemd-analyze)',
    () => {
      const { output, status } = analyze(['security', '--offline=true', '--threshold=86'])
      expect(output).toMatch(/Overall exposure level/)
      expect(status).toBe(0)
    },
  )

  it('starts the launcher with an environment that holds a path and a language only', () => {
    const line = SYSTEMD_UNIT.split('\n').find((text) => text.startsWith('ExecStart='))
    expect(line?.split(' ')).toEqual([
      'ExecStart=/usr/bin/env',
      '-i',
      expect.stringMatching(/^PATH=[a-z/:]+$/),
      'LANG=C.UTF-8',
      '/opt/drydock-agent/drydock-agent',
      'run',
    ])
  })

  it.each([
    ['Restart', 'always'],
    ['StartLimitIntervalSec', '0'],
    ['KillMode', 'mixed'],
    ['UMask', '0077'],
    ['StateDirectoryMode', '0700'],
    ['OOMPolicy', 'continue'],
  ])('sets %s=%s', (name, value) => {
    expect(SYSTEMD_UNIT.split('\n')).toContain(`${name}=${value}`)
  })
})
