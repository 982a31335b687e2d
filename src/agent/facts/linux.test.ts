import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../base/random.ts'
import { facts as factsSchema } from '../../contract/agent/facts.ts'
import { layoutOf } from '../layout.ts'
import { linuxFacts, linuxMachine, osVersion, parseKeyValues, parseUtmp } from './linux.ts'
import { machineId } from './machine-id.ts'

const known = { machine_id: '', endpoint_tags: ['a'], installed_at: 1 }

describe('facts of a Linux machine', () => {
  it('fit the contract on this machine, and are the same when nothing changed', () => {
    const facts = linuxFacts(known)
    expect(factsSchema.parse(facts)).toEqual(facts)
    expect(linuxFacts(known)).toEqual(facts)
  })

  it.each([
    ['NAME="Debian GNU/Linux"', 'NAME', 'Debian GNU/Linux'],
    ['VERSION_ID=12', 'VERSION_ID', '12'],
    ["NAME='Arch Linux'", 'NAME', 'Arch Linux'],
    ['NAME="a \\"b\\" \\$c"', 'NAME', 'a "b" $c'],
    ['NAME="Debian" \t\r', 'NAME', 'Debian'],
    ['# NAME=no', 'NAME', undefined],
    ['name=no', 'NAME', undefined],
  ])('os-release: %s', (line, key, value) => {
    expect(parseKeyValues(`X=1\n${line}\n`).get(key)).toBe(value)
  })

  it.each([
    ['debian', '12', '12.11\n', '12.11'],
    ['debian', '12', 'bookworm/sid\n', '12'],
    ['debian', '13', '12.11\n', '13'],
    ['ubuntu', '24.04', 'trixie/sid\n', '24.04'],
    ['arch', undefined, '', 'rolling'],
  ])('version of %s %s, with debian_version %j: %s', (id, version, debian, expected) => {
    const lines = [
      `ID=${id}`,
      'BUILD_ID=rolling',
      version === undefined ? '' : `VERSION_ID=${version}`,
    ]
    expect(osVersion(parseKeyValues(lines.join('\n')), debian)).toBe(expected)
  })

  it('utmp: the users of user processes, and nothing of a cut record', () => {
    const record = (type: number, name: string) => {
      const bytes = Buffer.alloc(384)
      bytes.writeInt16LE(type, 0)
      bytes.write(name, 44)
      return bytes
    }
    const bytes = Buffer.concat([
      record(2, 'reboot'),
      record(7, 'ann'),
      record(8, 'old'),
      record(7, 'x').subarray(0, 100),
    ])
    expect(parseUtmp(bytes)).toEqual(['ann'])
  })
})

describe('machineId', () => {
  it('is made once below a root, and stays', () => {
    const root = mkdtempSync(join(tmpdir(), 'drydock-id-'))
    const layout = layoutOf(root, root)
    const machine = linuxMachine()
    const made = machineId(layout, machine, systemRandom)
    expect(made).toMatch(/^[0-9a-f]{32}$/)
    expect(machineId(layout, machine, systemRandom)).toBe(made)
    expect(readFileSync(layout.machineId, 'utf8')).toBe(`${made}\n`)
    rmSync(root, { recursive: true })
  })

  it('is made anew where the file holds anything else, text or not', () => {
    const root = mkdtempSync(join(tmpdir(), 'drydock-id-'))
    const layout = layoutOf(root, root)
    machineId(layout, linuxMachine(), systemRandom)
    for (const content of [Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('uninitialized\n')]) {
      writeFileSync(layout.machineId, content)
      expect(machineId(layout, linuxMachine(), systemRandom)).toMatch(/^[0-9a-f]{32}$/)
    }
    rmSync(root, { recursive: true })
  })
})
