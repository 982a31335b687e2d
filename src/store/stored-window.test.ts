import { expect, it } from 'vitest'
import { storedWindow } from './stored-window.ts'

it('a window that was stored before there were zones is in UTC, and not strict', () => {
  const stored = { days: [1, 3], startMinute: 120, endMinute: 360 }
  expect(storedWindow(stored)).toEqual({ ...stored, zone: 'UTC', strictEnd: false })
})

it('a window with a zone keeps it', () => {
  const stored = { days: [1], startMinute: 0, endMinute: 0, zone: 'endpoint', strictEnd: true }
  expect(storedWindow(stored)).toEqual(stored)
})

it('no window stays none', () => {
  expect(storedWindow(null)).toBeNull()
})
