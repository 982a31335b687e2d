import { describe, expect, it } from 'vitest'
import { bytesText, durationText, fitted, padded, printable, timeText, widthOf } from './print.ts'
import { tableLines } from './table.ts'
import { Screen } from './testing/terminal.ts'

describe('text for a terminal', () => {
  it.each([
    ['an escape sequence', '\u001b[2Jx', '\ufffd[2Jx'],
    ['a line feed', 'a\nb', 'a\ufffdb'],
    ['an 8-bit control', '\u009b2J', '\ufffd2J'],
    ['a text that runs backwards', 'a\u202eb', 'a\ufffdb'],
    ['what is harmless', 'web-1 ü 端末', 'web-1 ü 端末'],
  ])('does nothing: %s', (_case, text, expected) => {
    expect(printable(text)).toBe(expected)
  })

  it.each([
    ['web-1', 5],
    ['端末', 4],
    ['e\u0301', 1],
    ['🚢', 2],
  ])('%s is as wide as it looks', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['端末端末', 5, '端末…'],
    ['端末端末', 4, '端…'],
    ['abc', 0, ''],
  ])('%s in %i columns is %s', (text, columns, expected) => {
    expect(fitted(text, columns)).toBe(expected)
    expect(widthOf(expected)).toBeLessThanOrEqual(columns)
  })

  it('is padded by columns, not by characters', () => {
    expect(padded('端', 4)).toBe('端  ')
  })
})

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [54_321_000, '51.8 MiB'],
    [2 * 1024 ** 5, '2048.0 TiB'],
  ])('%i bytes', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })

  it.each([
    [-5000, '0 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [7_200_000, '2 h'],
    [200 * 86_400_000, '200 d'],
  ])('%i milliseconds', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it.each([
    [0, '1970-01-01 00:00 UTC'],
    [null, 'never'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('the time %s', (instant, text) => {
    expect(timeText(instant)).toBe(text)
  })
})

describe('table', () => {
  const rows = [
    { id: '1', name: 'a-long-name-of-a-machine', note: 'seen\u001b[2J today' },
    { id: '22', name: 'b', note: '' },
  ]
  const columns = [
    { title: 'ID', cell: (row: (typeof rows)[0]) => row.id },
    { title: 'NAME', cell: (row: (typeof rows)[0]) => row.name, least: 6 },
    { title: 'NOTE', cell: (row: (typeof rows)[0]) => row.note, spare: 1 },
  ]

  it.each([
    [
      'a pipe loses nothing, whatever its width',
      null,
      [
        'ID  NAME                      NOTE',
        '1   a-long-name-of-a-machine  seen\ufffd[2J today',
        '22  b',
      ],
    ],
    [
      'a narrow terminal cuts what may be cut',
      30,
      ['ID  NAME        NOTE', '1   a-long-na…  seen\ufffd[2J today', '22  b'],
    ],
    ['a narrower one leaves out what is spare', 20, ['ID  NAME', '1   a-long-name-of-…', '22  b']],
  ])('%s', (_rule, width, lines) => {
    expect(tableLines(columns, rows, new Screen(width))).toEqual(lines)
  })
})
