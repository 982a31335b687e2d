import { describe, expect, it } from 'vitest'
import { facts as factsSchema } from '../../contract/agent/facts.ts'
import { idOf, systemName, type WindowsSays, windowsMachine } from './windows.ts'

const known = { machine_id: '', endpoint_tags: ['a'], installed_at: 1 }
const CURRENT = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'

/** A machine whose registry is a table of `key\name`. */
function says(table: Readonly<Record<string, string | number>>): WindowsSays {
  const value = (key: string, name: string) => table[`${key}\\${name}`] ?? null
  return {
    text: (key, name) => {
      const found = value(key, name)
      return typeof found === 'string' ? found : null
    },
    number: (key, name) => {
      const found = value(key, name)
      return typeof found === 'number' ? found : null
    },
    version: () => [10, 0, 22631],
    users: () => ['ann', 'ann', 'bob'],
    zone: (name) => (name === 'Tokyo Standard Time' ? 'Asia/Tokyo' : null),
  }
}

const WORKSTATION = {
  [`${CURRENT}\\ProductName`]: 'Windows 10 Pro',
  [`${CURRENT}\\UBR`]: 3155,
  'SYSTEM\\CurrentControlSet\\Control\\ProductOptions\\ProductType': 'WinNT',
  'SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\NV Domain': 'corp.test',
  'SOFTWARE\\Microsoft\\Cryptography\\MachineGuid': '9231DBE8-fe46-44ae-b3f5-75cc29fbe1da',
}

describe('facts of a Windows machine', () => {
  it('come from its registry, fit the contract, and are the same when nothing changed', () => {
    const machine = windowsMachine(says(WORKSTATION))
    const facts = machine.facts(known)
    expect(factsSchema.parse(facts)).toEqual(facts)
    expect(machine.facts(known)).toEqual(facts)
    expect(facts).toMatchObject({
      platform: 'windows',
      libc: 'none',
      os_name: 'Windows 11 Pro',
      os_version: '10.0.22631.3155',
      kernel: '10.0.22631',
      kind: 'workstation',
      users: ['ann', 'bob'],
      domain: 'corp.test',
    })
    expect(machine.ownId()).toBe('9231dbe8fe4644aeb3f575cc29fbe1da')
  })

  it('follow its time zone while it runs; one that cannot be named is unknown', () => {
    const key = 'SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation\\TimeZoneKeyName'
    const table: Record<string, string> = { [key]: 'UTC' }
    const machine = windowsMachine(says(table))
    const zone = () => machine.facts(known).time_zone
    const atStart = Intl.DateTimeFormat().resolvedOptions().timeZone
    expect(zone()).toBe(atStart)
    table[key] = 'Tokyo Standard Time'
    expect(zone()).toBe('Asia/Tokyo')
    table[key] = 'Mars Standard Time'
    expect(zone()).toBe('')
    table[key] = 'UTC'
    expect(zone()).toBe(atStart)
  })

  it('what cannot be read is left out', () => {
    const refuse = () => {
      throw new Error('no')
    }
    const all = { text: refuse, number: refuse, version: refuse, users: refuse, zone: refuse }
    const machine = windowsMachine(all)
    const facts = machine.facts(known)
    expect(factsSchema.parse(facts)).toEqual(facts)
    expect(facts).toMatchObject({ os_name: 'Windows', os_version: '0.0.0', users: [], domain: '' })
    expect(machine.ownId()).toBe('')
  })

  it.each([
    ['ServerNT', 'server'],
    ['LanmanNT', 'server'],
    ['WinNT', 'workstation'],
  ])('a machine of type %s is a %s', (type, kind) => {
    const key = 'SYSTEM\\CurrentControlSet\\Control\\ProductOptions\\ProductType'
    expect(windowsMachine(says({ [key]: type })).facts(known).kind).toBe(kind)
  })

  it.each([
    ['Windows 10 Pro', 19045, 'Windows 10 Pro'],
    ['Windows 10 Pro', 22000, 'Windows 11 Pro'],
    ['Windows Server 2025 Standard', 26100, 'Windows Server 2025 Standard'],
    ['', 26100, 'Windows'],
  ])('%s of build %i is called %s', (name, build, expected) => {
    expect(systemName(name, build)).toBe(expected)
  })

  it.each([
    ['{9231DBE8-FE46-44AE-B3F5-75CC29FBE1DA}', '9231dbe8fe4644aeb3f575cc29fbe1da'],
    ['9231dbe8', ''],
    ['', ''],
  ])('the id of %j is %j', (guid, id) => {
    expect(idOf(guid)).toBe(id)
  })
})
