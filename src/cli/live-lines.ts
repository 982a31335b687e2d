/** A block of lines at the end of a terminal, drawn again in place. */
import type { Output } from './io.ts'
import { fitted } from './print.ts'

export type LiveLines = {
  /** Replaces what was drawn before. */
  draw(lines: readonly string[]): void
  /** Takes the block away. */
  clear(): void
}

const CLEAR_BELOW = '\u001b[J'

export function startLiveLines(output: Output): LiveLines {
  let height = 0
  const home = () => (height === 0 ? '' : `\u001b[${height}A`)
  return {
    draw(lines) {
      // A line that wraps, or a block higher than the window, could not be taken back.
      const room = Math.max(1, output.rows() - 1)
      const shown = lines.slice(0, room).map((line) => fitted(line, output.columns() - 1))
      output.write(`${home()}\r${CLEAR_BELOW}${shown.map((line) => `${line}\n`).join('')}`)
      height = shown.length
    },
    clear() {
      output.write(`${home()}\r${CLEAR_BELOW}`)
      height = 0
    },
  }
}
