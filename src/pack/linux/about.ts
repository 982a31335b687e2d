/** What every package of Linux says about itself, whatever the format. */

export const MAINTAINER = 'Drydock maintainers <maintainers@drydock.example>'
export const HOMEPAGE = 'https://drydock.example/'
const FALLBACK_SYNOPSIS = 'Drydock agent'

export type About = {
  /** One line that is not empty. */
  readonly synopsis: string
  /** The lines after it, without control characters. */
  readonly lines: readonly string[]
}

/** Whatever the text says, it stays inside the field it is written to. */
export function aboutOf(description: string): About {
  const [synopsis = '', ...lines] = description
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n]/gu, ' ')
    .trim()
    .split('\n')
    .map((line) => line.trim())
  return { synopsis: synopsis === '' ? FALLBACK_SYNOPSIS : synopsis, lines }
}
