/**
 * No file may reach itself through what it imports, and every file must be reached from somewhere.
 */
import { posix } from 'node:path'
import { codeIn, type Finding, importsOf, type TextFile, type Tree } from './tree.ts'

/** A file that is started and not imported: `new URL('./child.ts', import.meta.url)`. */
function startedBy(tree: Tree, file: TextFile): string[] {
  const named = [...file.text.matchAll(/'(\.{1,2}\/[\w./-]+\.tsx?)'/g)].map(
    (match) => match[1] ?? '',
  )
  const paths = named.map((name) => posix.join(posix.dirname(file.path), name))
  return paths.filter((path) => path !== file.path && tree.has(path))
}

type Graph = ReadonlyMap<string, readonly string[]>

function importGraph(tree: Tree): Graph {
  return new Map(
    codeIn(tree).map((file) => {
      const targets = importsOf(file).flatMap(({ target }) => (target === null ? [] : [target]))
      return [file.path, targets.filter((target) => tree.has(target))]
    }),
  )
}

export function cycles(tree: Tree): Finding[] {
  const graph = importGraph(tree)
  const done = new Set<string>()
  const found: string[][] = []
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push([...trail.slice(start), path])
    if (start >= 0 || done.has(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return found.map((loop) => ({
    path: loop[0] ?? '',
    line: 1,
    problem: `imports itself: ${loop.join(' -> ')}`,
    instead: 'move what both ends need into a file of its own, below both',
  }))
}

/**
 * Files that nothing starts from and nothing needs. Its own test does not keep a file alive: code
 * that only its test calls is code to delete.
 */
export function deadFiles(tree: Tree): Finding[] {
  const graph = importGraph(tree)
  const started = new Map(codeIn(tree).map((file) => [file.path, startedBy(tree, file)]))
  const alive = new Set<string>()
  const reach = (path: string, from: string) => {
    if (alive.has(path) || from.replace(/\.test\.(tsx?)$/, '.$1') === path) return
    alive.add(path)
    const needed = [...(graph.get(path) ?? []), ...(started.get(path) ?? [])]
    for (const target of needed) reach(target, path)
  }
  for (const path of graph.keys()) if (isEntry(path)) reach(path, '')
  return [...graph.keys()]
    .filter((path) => path.startsWith('src/') && !alive.has(path) && !path.endsWith('.d.ts'))
    .map((path) => ({
      path,
      line: 1,
      problem: 'is imported by nothing but its own test',
      instead: 'use it or delete it (entries are src/main, tools, bench and tests)',
    }))
}

function isEntry(path: string): boolean {
  const starts = /^(?:src\/main|tools|bench)\/[^/]+\.tsx?$/.test(path) || !path.includes('/')
  return starts || path.endsWith('.test.ts') || path.startsWith('test/')
}
