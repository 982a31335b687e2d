/**
 * Names as Windows takes them. A release was made for its platform, and is checked all the same: a
 * name that the installer cannot create would fail on the endpoint, where nobody looks.
 */

/** "Naming Files, Paths, and Namespaces" (Win32). Slash, backslash and colon never come so far. */
const FORBIDDEN = /[<>"|?*]/
/** The same: devices, whatever the extension and the letter case. */
const DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])(?: *\.|$)/i
/** SDK, "Filename": what a short name may be made of; others are allowed and not needed. */
const SHORT = /^[A-Z0-9_-]{1,8}(?:\.[A-Z0-9_-]{1,3})?$/i

/** What is wrong with a path of a release on Windows; null: nothing. */
export function flawOfName(name: string): string | null {
  if (FORBIDDEN.test(name)) return 'has a character that Windows forbids'
  if (/[. ]$/.test(name)) return 'ends with a dot or a space, which Windows takes away'
  return DEVICE.test(name) ? 'is the name of a device on Windows' : null
}

/** As the file system compares names. */
export function foldedName(name: string): string {
  return name.toUpperCase()
}

/**
 * The names of one folder as a database holds them: `short|long`, or one that is both. Each short
 * name is there once, and none is the long name of another.
 */
export function shortAndLong(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(names.map(foldedName))
  let count = 0
  const shortOf = (name: string): string => {
    const extension = /\.([A-Z0-9_-]{1,3})$/.exec(foldedName(name))?.[0] ?? ''
    for (;;) {
      count += 1
      const short = `F~${count.toString(36).toUpperCase()}${extension}`
      if (!taken.has(short)) return short
    }
  }
  return new Map(names.map((name) => [name, SHORT.test(name) ? name : `${shortOf(name)}|${name}`]))
}
