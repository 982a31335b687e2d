import { describe, expect, it } from 'vitest'
import { facts as factsSchema } from '../../contract/agent/facts.ts'
import { idOf, type MacSays, macMachine, parseTexts, userOf, withoutLocal } from './macos.ts'

const PLIST = `\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/Property">
<plist version="1.0">
<dict>
	<key>BuildID</key>
	<string>6D4B0B9C-0000-11EF-A1D9-64B1D7C0D6F0</string>
	<key>ProductName</key>
	<string>macOS</string>
	<key>ProductVersion</key>
	<string>14.5</string>
	<key>Odd</key>
	<string>a &amp;lt; b</string>
</dict>
</plist>
`
const UUID = Uint8Array.from({ length: 16 }, (_, index) => index * 17)

function session(name: string, type: number): Uint8Array {
  const entry = Buffer.alloc(298)
  entry.write(name)
  entry.writeInt16LE(type, 296)
  return entry
}

const MAC: MacSays = {
  file: (path) => (path.endsWith('/SystemVersion.plist') ? PLIST : null),
  link: () => '/var/db/timezone/zoneinfo/Europe/Berlin',
  uuid: () => UUID,
  sessions: () => [session('ann', 7), session('reboot', 2), session('bob', 8), session('ann', 7)],
}
const known = { machine_id: '', endpoint_tags: ['a'], installed_at: 1 }

describe('facts of a Mac', () => {
  it('fit the contract, and say what the system does', () => {
    const facts = macMachine(MAC).facts(known)
    expect(factsSchema.parse(facts)).toEqual(facts)
    expect(facts).toMatchObject({
      platform: 'macos',
      libc: 'none',
      os_name: 'macOS',
      os_version: '14.5',
      kind: 'workstation',
      users: ['ann'],
      time_zone: 'Europe/Berlin',
      endpoint_tags: ['a'],
    })
  })

  it('are there although the system says nothing', () => {
    const fail = () => {
      throw new Error('not allowed')
    }
    const machine = macMachine({ file: fail, link: fail, uuid: fail, sessions: fail })
    const facts = machine.facts(known)
    expect(factsSchema.parse(facts)).toEqual(facts)
    expect(facts).toMatchObject({ os_name: 'macOS', users: [], time_zone: 'UTC' })
    expect(machine.ownId()).toBe('')
  })

  it('has the id of the hardware', () => {
    expect(macMachine(MAC).ownId()).toBe('00112233445566778899aabbccddeeff')
    expect(idOf(new Uint8Array(16))).toBe('')
    expect(idOf(UUID.subarray(1))).toBe('')
  })

  it.each([
    ['ProductVersion', '14.5'],
    ['Odd', 'a &lt; b'],
    ['ProductCopyright', undefined],
  ])('SystemVersion.plist: %s is %s', (key, text) => {
    expect(parseTexts(PLIST).get(key)).toBe(text)
  })

  it.each([
    ['anns-mac.local', 'anns-mac'],
    ['anns-mac.example.org', 'anns-mac.example.org'],
    ['localhost', 'localhost'],
  ])('the host %s is called %s', (name, called) => {
    expect(withoutLocal(name)).toBe(called)
  })

  it('utmpx: a name of every length, and nothing of a cut entry', () => {
    expect(userOf(session('x'.repeat(256), 7))).toBe('x'.repeat(256))
    expect(userOf(session('', 7))).toBe(null)
    expect(userOf(session('ann', 7).subarray(0, 297))).toBe(null)
  })
})
