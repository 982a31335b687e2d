/**
 * No file may reach itself through what it imports, and every file must be reached from somewhere.
 */
import { codeIn, type Finding, importsOf, type Tree } from './tree.ts'

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
  const alive = new Set<string>()
  const reach = (path: string, from: string) => {
    if (alive.has(path) || from.replace(/\.test\.(tsx?)$/, '.$1') === path) return
    alive.add(path)
    for (const target of graph.get(path) ?? []) reach(target, path)
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
