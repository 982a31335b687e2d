import { describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import {
  CHAIN_START,
  type ChainedEntry,
  canonicalEntry,
  canonicalJson,
  checkLink,
  nextHead,
} from './chain.ts'

const entry: ChainedEntry = {
  id: 7,
  at: 1_700_000_000_000,
  actor: 'api-key:1',
  email: null,
  role: 'Viewer',
  address: '192.0.2.1',
  userAgent: null,
  action: 'distribution.create',
  area: 'distributions',
  verb: 'create',
  subject: 'd1',
  result: 'success',
  reason: null,
  description: 'Created "x"',
  before: null,
  after: { name: 'x', kind: 'standalone' },
}

describe('canonical JSON', () => {
  it.each([
    [{ b: 1, a: [true, null, 'ü"'] }, '{"a":[true,null,"ü\\""],"b":1}'],
    [{ z: { y: 1, x: {} }, A: 0.5 }, '{"A":0.5,"z":{"x":{},"y":1}}'],
    [[], '[]'],
    [undefined, 'null'],
  ])('of %j', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it('does not know in which order keys were written', () => {
    expect(canonicalJson({ a: 1, b: 2 })).toBe(canonicalJson({ b: 2, a: 1 }))
  })
})

describe('the chain', () => {
  it('is made as docs/adr/0014-audit-chain.md says', () => {
    const text =
      '["drydock-audit-1",1,7,1700000000000,"api-key:1",null,"Viewer","192.0.2.1",null,' +
      '"distribution.create","distributions","create","d1","success",null,"Created \\"x\\"",null,' +
      '{"kind":"standalone","name":"x"}]'
    expect(canonicalEntry(1, entry)).toBe(text)
    const hash = digestOf(`${'0'.repeat(64)}\n${text}`)
    expect(nextHead(CHAIN_START, entry)).toEqual({ sequence: 1, hash })
  })

  it('tells every field of an entry apart', () => {
    const { hash } = nextHead(CHAIN_START, entry)
    for (const key of Object.keys(entry)) {
      const changed = { ...entry, [key]: key === 'id' || key === 'at' ? 1 : 'other' }
      expect(nextHead(CHAIN_START, changed as ChainedEntry).hash, key).not.toBe(hash)
    }
    const moved = { ...entry, email: entry.role, role: null }
    expect(nextHead(CHAIN_START, moved).hash).not.toBe(hash)
  })

  it('says what is wrong with a link', () => {
    const first = nextHead(CHAIN_START, entry)
    expect(checkLink(CHAIN_START, { ...first, entry })).toEqual({ head: first })
    const changed = { ...first, entry: { ...entry, subject: 'd2' } }
    expect(checkLink(CHAIN_START, changed)).toEqual({ broken: { sequence: 1, flaw: 'changed' } })
    const later = { ...first, sequence: 2, entry }
    expect(checkLink(CHAIN_START, later)).toEqual({ broken: { sequence: 1, flaw: 'missing' } })
  })
})
