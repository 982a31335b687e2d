/** One line that shows how far something is. On anything but a terminal it shows nothing at all. */
import type { Clock } from '../base/clock.ts'
import type { Output } from './io.ts'
import { bytesText, durationText, fitted } from './print.ts'

export type Progress = Disposable & {
  /** How much is done, of the total. */
  moveTo(done: number): void
}

const CLEAR_LINE = '\r\u001b[2K'
/** Often enough to look alive, seldom enough to cost nothing. */
const REDRAW_MS = 100
/** A rate over less says more about buffers than about the way. */
const RATE_AFTER_MS = 1000
const BAR_COLUMNS_MAX = 20

export function startProgress(
  needs: { readonly output: Output; readonly clock: Clock },
  label: string,
  total: number,
): Progress {
  const { output, clock } = needs
  if (!output.isTerminal || total === 0) return { moveTo() {}, [Symbol.dispose]() {} }
  const startedAt = clock.monotonic()
  let drawnAt = Number.NEGATIVE_INFINITY
  let startedWith: number | null = null
  return {
    moveTo(done) {
      startedWith ??= done
      const now = clock.monotonic()
      if (now - drawnAt < REDRAW_MS && done < total) return
      drawnAt = now
      const elapsedMs = now - startedAt
      const rate = elapsedMs < RATE_AFTER_MS ? null : ((done - startedWith) / elapsedMs) * 1000
      const line = progressLine({ label, done, total, rate }, output.columns() - 1)
      output.write(`${CLEAR_LINE}${line}`)
    },
    [Symbol.dispose]() {
      if (drawnAt > Number.NEGATIVE_INFINITY) output.write(CLEAR_LINE)
    },
  }
}

export type ProgressState = {
  readonly label: string
  readonly done: number
  readonly total: number
  /** Bytes a second; null while nobody knows. */
  readonly rate: number | null
}

export function progressLine(state: ProgressState, columns: number): string {
  const { label, done, total, rate } = state
  const share = Math.min(1, done / total)
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`
  const leftMs = rate === null || rate <= 0 ? null : ((total - done) / rate) * 1000
  const tail = [
    `${bytesText(done)} of ${bytesText(total)}`,
    ...(rate === null || rate <= 0 ? [] : [`${bytesText(Math.round(rate))}/s`]),
    ...(leftMs === null || leftMs < 500 ? [] : [`${durationText(leftMs)} left`]),
  ].join('  ')
  const fixed = label.length + 2 + 2 + 1 + percent.length + 2 + tail.length
  const room = Math.min(BAR_COLUMNS_MAX, columns - fixed)
  const bar = room < 5 ? '' : `[${barOf(share, room)}] `
  return fitted(`${label}  ${bar}${percent}  ${tail}`, columns)
}

export function barOf(share: number, columns: number): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * columns)
  return '#'.repeat(full) + '.'.repeat(columns - full)
}
