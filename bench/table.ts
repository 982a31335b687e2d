/**
 * One line of the result: what was measured, what a user would pick instead, and how they compare.
 */
export type Row = {
  readonly what: string
  readonly ours: string
  readonly other: string
  readonly ratio: string
}

export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => `| ${row.what} | ${row.ours} | ${row.other} | ${row.ratio} |`)
  return ['| Measured | Drydock | Compared with | Ratio |', '|---|---|---|---|', ...lines].join(
    '\n',
  )
}

export function ratio(ours: number, other: number): string {
  return `${(ours / other).toPrecision(2)} x`
}
