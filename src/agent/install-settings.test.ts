import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { silentLog } from '../base/log.ts'
import { parseInstallSettings } from './install-settings.ts'
import { layoutOf } from './layout.ts'
import { loadSettings } from './settings.ts'

const CODE = '{0011AABB-0000-8000-A000-00112233445F}'
const ID = 'ab'.repeat(16)
const FULL = `[enrolment]
server_url=https://one.example:8443
distribution_id=${ID}
token=secret
[machine]
proxy=one:8080, [::1]:3128
endpoint_tags=Kasse 3,größe;b
[product]
product_code=${CODE}
`

function utf16(text: string): Uint8Array {
  return Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'utf16le')
}

describe('install.ini', () => {
  it.each([
    ['UTF-16, as Windows writes it', utf16],
    ['UTF-8', (text: string) => Buffer.from(text)],
  ])('is read in %s', (_, encoded) => {
    expect(parseInstallSettings(encoded(FULL))).toEqual({
      ok: true,
      value: {
        'enrolment.server_url': 'https://one.example:8443',
        'enrolment.distribution_id': ID,
        'enrolment.token': 'secret',
        'machine.proxy': ['one:8080', '[::1]:3128'],
        'machine.endpoint_tags': ['Kasse 3', 'größe', 'b'],
        'product.product_code': CODE,
      },
    })
  })

  it('says nothing where a value is empty', () => {
    const empty = utf16(FULL.replaceAll(/=.*/g, '= '))
    expect(parseInstallSettings(empty)).toEqual({ ok: true, value: {} })
  })

  it.each([
    ['another key', FULL.replace('token=', 'tokens=')],
    ['another section', FULL.replace('[machine]', '[machines]')],
    ['a line that is none', `${FULL}what\n`],
    ['no address', FULL.replace('https:', 'file:')],
    ['no proxy', FULL.replace('one:8080', 'one')],
    ['too many lines', '\n'.repeat(101)],
  ])('is refused whole: %s', (_, text) => {
    expect(parseInstallSettings(utf16(text))).toMatchObject({ refusal: { code: 'unreadable' } })
  })
})

describe('settings of an installation by msi', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-settings-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const layout = layoutOf(folder, join(folder, 'program'))
  const enrolment = {
    schema: 1,
    server_url: 'http://stamped.example',
    distribution_id: 'cd'.repeat(16),
    token: 'stamped',
    proxy: [],
    endpoint_tags: ['stamped'],
    trusted_keys: [{ key_id: '0'.repeat(64), public_key: 'AAAA' }],
  }
  mkdirSync(layout.program, { recursive: true })
  writeFileSync(layout.enrolment, JSON.stringify(enrolment))

  it('are those of the command line, and what it does not say is as it was stamped', () => {
    const said = '[enrolment]\nserver_url=http://said.example\n[machine]\nendpoint_tags=said\n'
    writeFileSync(join(layout.program, 'install.ini'), utf16(said))
    expect(loadSettings(layout, silentLog)).toEqual({
      ok: true,
      value: {
        ...enrolment,
        server_url: 'http://said.example',
        endpoint_tags: ['stamped', 'said'],
      },
    })
  })

  it.each([
    ['damaged', 'damaged'],
    ['far too long', 'x'.repeat(100_000)],
  ])('are those that were stamped where the file is %s', (_, text) => {
    writeFileSync(join(layout.program, 'install.ini'), text)
    expect(loadSettings(layout, silentLog)).toEqual({ ok: true, value: enrolment })
  })
})
