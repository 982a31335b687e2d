import { describe, expect, it } from 'vitest'
import { type MacSays, macProcessTable, startTimeOf } from './processes.ts'

/** A struct proc_bsdinfo. */
function info(pid: number, start: readonly [bigint, bigint], status = 2): Uint8Array {
  const bytes = Buffer.alloc(136)
  bytes.writeUInt32LE(status, 4)
  bytes.writeUInt32LE(pid, 12)
  bytes.writeBigUInt64LE(start[0], 120)
  bytes.writeBigUInt64LE(start[1], 128)
  return bytes
}

const INFOS = new Map([
  [1, info(1, [1_700_000_000n, 5n])],
  [70, info(70, [1_700_000_100n, 999_999n])],
  [71, info(71, [1_700_000_101n, 0n], 5)],
])
const SESSIONS = new Map([
  [1, 1],
  [70, 70],
  [71, 70],
])
const SAYS: MacSays = {
  pids: () => [1, 70, 71, 72],
  info: (pid) => INFOS.get(pid) ?? null,
  session: (pid) => SESSIONS.get(pid) ?? -1,
  bootSession: () => 'A-B-C',
}

describe('the processes of a Mac', () => {
  it('are told with session and start, those alone that live', () => {
    const table = macProcessTable(SAYS)
    expect(table.members()).toEqual([
      { pid: 1, session: 1, startTime: 1_700_000_000_000_005 },
      { pid: 70, session: 70, startTime: 1_700_000_100_999_999 },
    ])
    expect(table.member(71)).toBe(null)
    expect(table.member(72)).toBe(null)
    expect(table.bootId()).toBe('A-B-C')
  })

  it('one that ends between two questions is none', () => {
    const table = macProcessTable({ ...SAYS, session: () => -1 })
    expect(table.members()).toEqual([])
  })

  it.each([
    ['of another process', info(2, [1n, 1n])],
    ['cut', info(1, [1n, 1n]).subarray(0, 135)],
    ['beyond what a number holds', info(1, [2n ** 60n, 0n])],
  ])('an answer that is %s tells nothing', (_, bytes) => {
    expect(startTimeOf(bytes, 1)).toBe(null)
  })
})
