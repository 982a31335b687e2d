import {
  chmodSync,
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
import { silentLog } from '../../base/log.ts'
import { loadSlots, NO_SLOTS } from '../launcher/slots.ts'
import { takePrivateFolder } from './private-folder.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the state folder', () => {
  it('is made for us alone', async () => {
    const path = join(folder, 'var/lib/x')
    expect(await takePrivateFolder(path)).toMatchObject({ ok: true })
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  it('that others could enter is closed to them, also behind a link', async () => {
    mkdirSync(join(folder, 'disk'))
    chmodSync(join(folder, 'disk'), 0o777)
    symlinkSync(join(folder, 'disk'), join(folder, 'state'))
    expect(await takePrivateFolder(join(folder, 'state'))).toMatchObject({ ok: true })
    expect(statSync(join(folder, 'disk')).mode & 0o777).toBe(0o700)
  })

  it.runIf(process.getuid?.() === 0)('of another user is refused (needs root)', async () => {
    chownSync(folder, 12_345, 0)
    expect(await takePrivateFolder(folder)).toEqual({
      ok: false,
      refusal: { code: 'foreign-folder', owner: 'user 12345' },
    })
  })
})

describe('a state file', () => {
  it('that grew wild counts as damaged, and does not keep the launcher from starting', () => {
    const path = join(folder, 'slots.json')
    writeFileSync(path, Buffer.alloc(2 * 1024 * 1024))
    expect(loadSlots(path, silentLog)).toEqual(NO_SLOTS)
  })
})
