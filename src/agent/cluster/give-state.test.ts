import { execFileSync } from 'node:child_process'
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { parseArguments } from '../arguments.ts'
import { giveState } from './give-state.ts'

const AGENT = 10_001
const OWN = process.getuid?.() ?? 0
let top: string
let folder: string
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'drydock-give-'))
  folder = join(top, 'state')
  mkdirSync(folder, { mode: 0o755 })
})
afterEach(() => rmSync(top, { recursive: true }))

describe('giving the state folder away', () => {
  it.skipIf(OWN !== 0)('makes it the agent’s alone, and again changes nothing (needs root)', () => {
    expect(giveState(folder, AGENT, OWN)).toEqual({ ok: true, value: 'given' })
    const { uid, gid, mode } = statSync(folder)
    expect([uid, gid, mode & 0o777]).toEqual([AGENT, AGENT, 0o700])
    writeFileSync(join(folder, 'slots.json'), '{}')
    expect(giveState(folder, AGENT, OWN)).toEqual({ ok: true, value: 'was-given' })
  })

  it.skipIf(OWN !== 0)('leaves one alone that is a third user’s (needs root)', () => {
    chownSync(folder, 4242, 4242)
    expect(giveState(folder, AGENT, OWN)).toMatchObject({ refusal: { code: 'foreign-folder' } })
    expect(statSync(folder).uid).toBe(4242)
  })

  it('leaves one alone in which something lies', () => {
    writeFileSync(join(folder, 'identity.json'), '{}')
    expect(giveState(folder, AGENT, OWN)).toMatchObject({ refusal: { code: 'folder-in-use' } })
    expect(statSync(folder).uid).toBe(OWN)
  })

  it('does not follow a link', () => {
    const link = join(top, 'link')
    symlinkSync(folder, link)
    expect(giveState(link, AGENT, OWN)).toMatchObject({ refusal: { code: 'not-a-folder' } })
  })
})

const SCRIPT = `
  import { giveState } from ${JSON.stringify(new URL('give-state.ts', import.meta.url))}
  console.log(JSON.stringify(giveState(process.argv[1], ${AGENT}, process.getuid())))
`
const AS_IN_A_POD = ['--bounding-set=-all,+chown', '--inh-caps=-all', '--no-new-privs']

describe('as in a pod, root with CHOWN alone', () => {
  it.skipIf(OWN !== 0 || !needs('setpriv'))('it is enough, and again (needs root, setpriv)', () => {
    const command = [...AS_IN_A_POD, process.execPath, '--input-type=module', '-e', SCRIPT, folder]
    const give = () => JSON.parse(execFileSync('setpriv', command, { encoding: 'utf8' }))
    expect(give()).toEqual({ ok: true, value: 'given' })
    expect(give()).toEqual({ ok: true, value: 'was-given' })
    expect(statSync(folder).uid).toBe(AGENT)
  })
})

describe('its command line', () => {
  it('names a user', () => {
    const parsed = parseArguments(['give-state', '10001'])
    expect(parsed).toEqual({ ok: true, value: { kind: 'give-state', root: '', userId: 10_001 } })
  })

  it.each([[[]], [['root']], [['-1']], [['1', '2']], [['1e3']], [['9999999999']]])(
    'is refused: %j',
    (words) => {
      expect(parseArguments(['give-state', ...words])).toMatchObject({ ok: false })
    },
  )
})
