/** Tables that fit where they are shown. */
import type { Output } from './io.ts'
import { fitted, padded, printable, widthOf } from './print.ts'

export type Column<Row> = {
  readonly title: string
  cell(row: Row): string
  /** The least columns it may be cut to; absent: it is never cut. */
  readonly least?: number
  /** Left out of a narrow terminal, the highest number first; absent: it always stays. */
  readonly spare?: number
}

const GAP = 2

/**
 * On a terminal as wide as it is; everywhere else as wide as the text, so that scripts lose none.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  output: Output,
): string[] {
  const room = output.isTerminal ? output.columns() : Number.POSITIVE_INFINITY
  let shown = columns.map((column) => {
    const cells = rows.map((row) => printable(column.cell(row)))
    return { column, cells, width: Math.max(column.title.length, ...cells.map(widthOf)) }
  })
  while (leastWidth(shown) > room) {
    const spares = shown.map(({ column }) => column.spare ?? 0)
    const most = Math.max(...spares)
    if (most === 0) break
    shown = shown.toSpliced(spares.indexOf(most), 1)
  }
  const widths = widthsWithin(shown, room)
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => padded(fitted(cell, widths[index] ?? 0), widths[index] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd()
  return [
    line(shown.map(({ column }) => column.title)),
    ...rows.map((_, index) => line(shown.map(({ cells }) => cells[index] ?? ''))),
  ]
}

type Shown<Row> = { readonly column: Column<Row>; readonly width: number }

function leastOf<Row>({ column, width }: Shown<Row>): number {
  return Math.min(width, column.least ?? width)
}

function leastWidth<Row>(shown: readonly Shown<Row>[]): number {
  return sumOf(shown.map(leastOf)) + GAP * (shown.length - 1)
}

/** The widest column that may be cut gives way first. */
function widthsWithin<Row>(shown: readonly Shown<Row>[], room: number): number[] {
  const widths = shown.map(({ width }) => width)
  let tooMuch = sumOf(widths) + GAP * (shown.length - 1) - room
  while (tooMuch > 0) {
    const spare = widths.map((width, index) => {
      const column = shown[index]
      return column !== undefined && width > leastOf(column) ? width : 0
    })
    const widest = Math.max(0, ...spare)
    if (widest === 0) break
    const at = spare.indexOf(widest)
    widths[at] = widest - 1
    tooMuch--
  }
  return widths
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
