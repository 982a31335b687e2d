/**
 * What may be written only in certain places. A row whose place no longer exists fails too, so that
 * the table never speaks of a house that was rebuilt.
 */
import { codeIn, codeOf, type Finding, importsOf, isTest, lineAt, type Tree } from './tree.ts'

export type BannedRow = {
  /** Matched against the code (comments and strings blanked out), or against what is imported. */
  readonly pattern: RegExp
  readonly in: 'code' | 'imports'
  /** Where the rule holds: path prefixes; tests are left out unless `testsToo`. */
  readonly under: readonly string[]
  readonly testsToo?: true
  /** Where it is allowed all the same: files, or folders that end in a slash. */
  readonly except: readonly string[]
  readonly instead: string
  readonly why: string
}

export const BANNED: readonly BannedRow[] = [
  {
    pattern: /\bprocess\.env\b/g,
    in: 'code',
    under: ['src/'],
    except: [
      'src/main/environment.ts',
      'src/main/cli-environment.ts',
      'src/main/pod-environment.ts',
    ],
    instead: 'read it in main/environment.ts and hand the value in',
    why: 'one place assembles',
  },
  {
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bTemporal\.Now\b|\bperformance\.now\b/g,
    in: 'code',
    under: ['src/'],
    except: ['src/base/clock.ts'],
    instead: 'take a Clock (base/clock.ts), or `now` as an argument',
    why: 'tests and the simulator move the clock',
  },
  {
    pattern: /(?<![.\w])set(?:Timeout|Interval)\(/g,
    in: 'code',
    under: ['src/'],
    testsToo: true,
    except: ['src/base/clock.ts'],
    instead: 'clock.sleep(ms); in a test wait for the event, or move a ManualClock',
    why: 'a timer nobody can move makes tests slow and wrong',
  },
  {
    pattern: /\bMath\.random\b|\brandom(?:UUID|Bytes|Int|FillSync)\(|\bgetRandomValues\(/g,
    in: 'code',
    under: ['src/'],
    except: ['src/base/random.ts'],
    instead: 'take a Random (base/random.ts); ids come from base/ids.ts',
    why: 'every failure replays from a seed',
  },
  {
    pattern: /^(?:node:)?timers(?:\/promises)?$/,
    in: 'imports',
    under: ['src/'],
    testsToo: true,
    except: ['src/base/clock.ts'],
    instead: 'clock.sleep(ms); in a test wait for the event, or move a ManualClock',
    why: 'a timer nobody can move makes tests slow and wrong',
  },
  {
    pattern: /^node:(?:fs|child_process)/,
    in: 'imports',
    under: ['src/'],
    except: ['src/store/', 'src/agent/', 'src/cli/', 'src/main/'],
    instead: 'take bytes or a byte source; files and programs belong to store, agent, cli and main',
    why: 'what touches the disk must be findable',
  },
  {
    pattern: /^node:child_process/,
    in: 'imports',
    under: ['src/store/'],
    except: ['src/store/embedded/'],
    instead: 'write it in TypeScript: the one program a server starts is its own PostgreSQL',
    why: 'docs/adr/0004-no-external-programs.md',
  },
  {
    pattern: /^(?:node:(?:https?|http2|net|tls)|fastify|@fastify\/.*)$/,
    in: 'imports',
    under: ['src/'],
    except: ['src/server/http/', 'src/client/', 'src/agent/', 'src/store/embedded/'],
    instead: 'the server is a function from request to response; sockets belong to server/http',
    why: 'tests and the simulator call it without a port',
  },
  {
    pattern: /^(?:pg|pg-.*|kysely)(?:\/.*)?$/,
    in: 'imports',
    under: ['src/'],
    except: ['src/store/'],
    instead: 'a function in the store file of the noun it returns',
    why: 'one room speaks SQL',
  },
  {
    pattern: /^node:|^[^.]/,
    in: 'imports',
    under: ['src/domain/'],
    except: [],
    instead: 'hand the value in: the domain knows base and nothing else',
    why: 'rules are pure, and run anywhere',
  },
  {
    pattern: /\bawait\b|\basync\b|\bPromise\b/g,
    in: 'code',
    under: ['src/domain/'],
    except: [],
    instead: 'load the View before, save the Decision after',
    why: 'a decision touches nothing, so it waits for nothing',
  },
  {
    pattern: /\bconsole\.\w/g,
    in: 'code',
    under: ['src/'],
    testsToo: true,
    except: ['src/cli/', 'src/main/'],
    instead: 'take a Log (base/log.ts), or return a reason',
    why: 'logs are structured, and pure code returns reasons',
  },
  {
    pattern: /\beval\(|\bnew Function\(/g,
    in: 'code',
    under: ['src/', 'test/', 'tools/', 'bench/'],
    testsToo: true,
    except: [],
    instead: 'write the code',
    why: 'text that becomes code becomes an attack',
  },
]

export function banned(tree: Tree, rows: readonly BannedRow[] = BANNED): Finding[] {
  return rows.flatMap((row) => [...breaches(tree, row), ...missingPlaces(tree, row)])
}

function breaches(tree: Tree, row: BannedRow): Finding[] {
  const files = codeIn(tree).filter(({ path }) => {
    const within = row.under.some((prefix) => path.startsWith(prefix))
    return within && !allowed(row, path) && (row.testsToo === true || !isTest(path))
  })
  return files.flatMap((file) => {
    const hits =
      row.in === 'imports'
        ? importsOf(file).map(({ specifier, line }) => ({ what: specifier, line }))
        : [...codeOf(file).matchAll(row.pattern)].map((match) => ({
            what: match[0],
            line: lineAt(file, match.index),
          }))
    return hits
      .filter(({ what }) => row.in === 'code' || what.search(row.pattern) >= 0)
      .map(({ what, line }) => ({
        path: file.path,
        line,
        problem: `has ${what.trim()}`,
        instead: `${row.instead} (${row.why})`,
      }))
  })
}

function allowed(row: BannedRow, path: string): boolean {
  return row.except.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place))
}

function missingPlaces(tree: Tree, row: BannedRow): Finding[] {
  const paths = [...tree.keys()]
  return [...row.under, ...row.except]
    .filter((place) => !paths.some((path) => path === place || path.startsWith(place)))
    .map((place) => ({
      path: 'test/house/banned.ts',
      line: 1,
      problem: `has a row for ${row.pattern} that names ${place}, which is not there`,
      instead: 'correct the row, or take the place out of it',
    }))
}
