/** Documents that can be trusted: one title, links that lead somewhere, paths that are there. */
import { posix } from 'node:path'
import { codeIn, type Finding, type TextFile, type Tree } from './tree.ts'

export function documentsIn(tree: Tree): TextFile[] {
  return [...tree.values()].filter(({ path }) => path.endsWith('.md'))
}

/** The lines of a document outside its code blocks, with their numbers. */
function proseOf(file: TextFile): { text: string; line: number }[] {
  let inBlock = false
  return file.text.split('\n').flatMap((text, index) => {
    const fence = /^\s*```/.test(text)
    if (fence) inBlock = !inBlock
    return fence || inBlock ? [] : [{ text, line: index + 1 }]
  })
}

export function titles(tree: Tree): Finding[] {
  return documentsIn(tree).flatMap((file) => {
    const found = proseOf(file).filter(({ text }) => /^# \S/.test(text))
    if (found.length === 1) return []
    const line = found[1]?.line ?? 1
    const problem = `has ${found.length} titles`
    return [{ path: file.path, line, problem, instead: 'one line that starts with "# "' }]
  })
}

export function links(tree: Tree): Finding[] {
  return documentsIn(tree).flatMap((file) =>
    proseOf(file).flatMap(({ text, line }) =>
      [...text.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].flatMap((match) => {
        const target = match[1] ?? ''
        if (/^[a-z]+:/.test(target) || leads(tree, file, target)) return []
        const instead = 'correct the link, or the heading it names'
        return [{ path: file.path, line, problem: `links to ${target}: nothing there`, instead }]
      }),
    ),
  )
}

function leads(tree: Tree, from: TextFile, link: string): boolean {
  const [path = '', heading] = link.split('#')
  const target = path === '' ? from.path : posix.join(posix.dirname(from.path), path)
  if (isFolder(tree, target)) return heading === undefined
  const file = tree.get(target)
  if (file === undefined || heading === undefined) return file !== undefined
  return proseOf(file).some(({ text }) => /^#+ /.test(text) && anchorOf(text) === heading)
}

function isFolder(tree: Tree, path: string): boolean {
  if (path === '.' || path === './') return true
  const prefix = path.endsWith('/') ? path : `${path}/`
  return [...tree.keys()].some((known) => known.startsWith(prefix))
}

/** As the usual viewers do: lower case, punctuation dropped, blanks to hyphens. */
function anchorOf(heading: string): string {
  const text = heading.replace(/^#+ /, '').trim().toLowerCase()
  return text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
}

// History may speak of what is gone.
const HISTORY = /^(?:CHANGELOG\.md|changes\/|docs\/adr\/)/

/** A path in backticks is a promise that the file is there. */
export function namedPaths(tree: Tree): Finding[] {
  return documentsIn(tree)
    .filter(({ path }) => !HISTORY.test(path))
    .flatMap((file) =>
      proseOf(file).flatMap(({ text, line }) =>
        [...text.matchAll(/`((?:src|test|docs|tools|bench|changes|\.ci)\/[\w./-]+)`/g)]
          .map((match) => match[1] ?? '')
          .filter((path) => !tree.has(path) && !isFolder(tree, path))
          .map((path) => ({
            path: file.path,
            line,
            problem: `speaks of ${path}, which is not there`,
            instead: 'name what is there, or say it in words',
          })),
      ),
    )
}

/** A document that code refers its reader to is there. */
export function documentsNamedInCode(tree: Tree): Finding[] {
  return codeIn(tree)
    .filter(({ path }) => !path.startsWith('test/house/'))
    .flatMap((file) =>
      file.text.split('\n').flatMap((text, index) =>
        [...text.matchAll(/\bdocs\/[\w./-]+\.md\b/g)]
          .map((match) => match[0])
          .filter((path) => !tree.has(path))
          .map((path) => ({
            path: file.path,
            line: index + 1,
            problem: `refers to ${path}, which is not there`,
            instead: 'write it, or tell the story in the comment',
          })),
      ),
    )
}

const SETTING = /\b(?:DRYDOCK(?:_[A-Z]+)+(?![A-Z_])|DATABASE_URL\b)/g

/** The table of settings in the README, and the files that read the environment, name the same. */
export function settings(tree: Tree): Finding[] {
  const readers = codeIn(tree, 'src/main/').filter(({ path }) => path.endsWith('environment.ts'))
  const read = readers.flatMap((file) => [...file.text.matchAll(SETTING)].map((match) => match[0]))
  const table = tree.get('README.md')?.text.split('\n') ?? []
  const told: string[] = table.join('\n').match(SETTING) ?? []
  const untold = [...new Set(read)].filter((name) => !told.includes(name))
  const unread = [...new Set(told)].filter((name) => !read.includes(name))
  return [
    ...untold.map((name) => ({
      ...{ path: 'src/main/environment.ts', line: 1, problem: `reads ${name}, told nowhere` },
      instead: 'add it to the table of settings in README.md',
    })),
    ...unread.map((name) => ({
      path: 'README.md',
      line: table.findIndex((line) => line.includes(name)) + 1,
      problem: `tells of ${name}, which nothing reads`,
      instead: 'take it out, or read it in main',
    })),
  ]
}
