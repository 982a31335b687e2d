/** Who may import whom, with the reason for every edge that is not there. */
import { posix } from 'node:path'
import { codeIn, type Finding, importsOf, isTest, roomOf, type Tree } from './tree.ts'

type Room = {
  readonly may: readonly string[]
  /** Why it may import nothing else. */
  readonly because: string
  /** The edges people try, each with its own answer. */
  readonly not?: Readonly<Record<string, string>>
}

export const ROOMS: Readonly<Record<string, Room>> = {
  base: { may: [], because: 'base must stay understandable alone' },
  contract: { may: ['base'], because: 'the wire outlives our internals' },
  domain: {
    may: ['base'],
    because: 'the rules are pure and know nobody',
    not: {
      contract: 'wire words are not house words: translate in the endpoint file',
      store: 'a decider gets a View; whoever calls it loads and saves',
    },
  },
  trust: { may: ['base'], because: 'auditors read it alone' },
  pack: {
    may: ['base'],
    because: 'a writer must not know what a fleet is',
    not: { store: 'name artifacts by digest in a segment; the server reads them' },
  },
  store: {
    may: ['base', 'domain'],
    because: 'it stores decisions; it does not make them',
    not: { contract: 'wire words stop in the endpoint file' },
  },
  server: {
    may: ['base', 'contract', 'domain', 'trust', 'pack', 'store'],
    because: 'it answers and works; it neither runs nor calls the agent, the client or the CLI',
  },
  client: { may: ['base', 'contract'], because: 'a client knows what is on the wire and no more' },
  agent: {
    may: ['base', 'contract', 'trust'],
    because: 'it is small and must run where no server code exists',
  },
  cli: {
    may: ['base', 'contract', 'client'],
    because: 'clients have no privileges; what they need, the public API must offer',
  },
  console: {
    may: ['contract', 'client'],
    because: 'clients have no privileges; what they need, the public API must offer',
  },
  sim: {
    may: ['base', 'contract', 'domain', 'trust', 'pack', 'store', 'server', 'client', 'agent'],
    because: 'it runs the real thing, not the ways in to it',
  },
  main: {
    may: [
      ...['base', 'contract', 'domain', 'trust', 'pack', 'store', 'server', 'client', 'agent'],
      ...['cli', 'console', 'sim'],
    ],
    because: 'it may import everything',
  },
}

// Two doors of one server: what both need belongs to the room behind them.
const APART: readonly (readonly [string, string, string])[] = [
  ['src/server/public-api/', 'src/server/agent-api/', 'the two APIs change for different reasons'],
  ['src/server/agent-api/', 'src/server/public-api/', 'the two APIs change for different reasons'],
]

export function directions(tree: Tree): Finding[] {
  return codeIn(tree, 'src/').flatMap((file) =>
    importsOf(file).flatMap((edge) => {
      if (edge.target === null) return []
      const answer = forbidden(file.path, edge.target)
      if (answer === undefined) return []
      const problem = `imports ${edge.specifier}`
      return [{ path: file.path, line: edge.line, problem, instead: answer }]
    }),
  )
}

function forbidden(from: string, to: string): string | undefined {
  const apart = APART.find(([left, right]) => from.startsWith(left) && to.startsWith(right))
  if (apart !== undefined) return `${apart[2]}; move what both need out of them`
  // The simulator is a test that has a room: it stands on the database of the tests.
  const isForTests = isTest(from) || roomOf(from) === 'sim'
  if (!isForTests && isTest(to)) return 'only tests import what is made for tests'
  const [room, target] = [roomOf(from), roomOf(to)]
  if (room === undefined || room === target) return undefined
  const rules = ROOMS[room]
  if (rules === undefined) return `there is no room "${room}": see ARCHITECTURE.md for the rooms`
  // The product's version stands there, and only main may know which product this is.
  if (room === 'main' && to === 'package.json') return undefined
  if (target === undefined) {
    return isTest(from) && to.startsWith('test/') ? undefined : 'src imports nothing outside src'
  }
  if (target === 'main') return 'nobody imports main: hand the thing in from there'
  if (rules.may.includes(target)) return undefined
  const may = rules.may.join(', ') || 'nothing'
  return `${rules.not?.[target] ?? rules.because} (${room} may import: ${may})`
}

/**
 * A file whose name begins with an underscore belongs to its folder, and to the folders in that.
 */
export function privateImports(tree: Tree): Finding[] {
  return codeIn(tree).flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => target !== null && posix.basename(target).startsWith('_'))
      .filter(({ target }) => !file.path.startsWith(`${posix.dirname(target ?? '')}/`))
      .map(({ specifier, line }) => ({
        path: file.path,
        line,
        problem: `imports the private file ${specifier}`,
        instead:
          "import the folder's door (the file named after the folder), or widen what it offers",
      })),
  )
}
