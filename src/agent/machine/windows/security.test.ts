import { describe, expect, it } from 'vitest'
import { descriptor, sidText } from './security.ts'

const SYSTEM = 'S-1-5-18'

describe('who may do what with our files', () => {
  it('is the system and the administrators, and nothing is inherited from above', () => {
    expect(descriptor(SYSTEM, 'OICI')).toBe('D:P(A;OICI;FA;;;S-1-5-18)(A;OICI;FA;;;S-1-5-32-544)')
  })

  it('is also who runs us by hand', () => {
    expect(descriptor('S-1-5-21-1-2-3-1001', '')).toBe(
      'D:P(A;;FA;;;S-1-5-18)(A;;FA;;;S-1-5-32-544)(A;;FA;;;S-1-5-21-1-2-3-1001)',
    )
  })
})

describe('a SID', () => {
  it.each([
    [SYSTEM, '010100000000000512000000'],
    ['S-1-5-32-544', '01020000000000052000000020020000'],
    ['S-1-5-21-1-2-3-1001', '010500000000000515000000010000000200000003000000e9030000'],
  ])('%s is read from its bytes, whatever follows', (text, hex) => {
    expect(sidText(Buffer.from(`${hex}ffff`, 'hex'))).toBe(text)
  })

  it.each(['', '01', '010500000000000515000000'])('nobody is read from what is cut: %j', (hex) => {
    expect(sidText(Buffer.from(hex, 'hex'))).toBe('')
  })
})
