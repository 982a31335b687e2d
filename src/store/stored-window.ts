/** Windows as the database has them: as JSON, and some of them from before there were zones. */
import type { Window } from '../domain/upgrade/window.ts'

type StoredWindow = Pick<Window, 'days' | 'startMinute' | 'endMinute'> & Partial<Window>

/** A window without a zone was always in UTC, and never ended what had begun. */
export function storedWindow(stored: unknown): Window | null {
  if (stored === null) return null
  // What is stored here is what `Window` was when it was stored.
  return { zone: 'UTC', strictEnd: false, ...(stored as StoredWindow) }
}
