/**
 * `main.go` of this folder, built once for all tests of a run: charts rendered by Go's templates,
 * YAML read as kubectl reads it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('main.go', import.meta.url))
/** Where Debian's packages of Go libraries lie; without modules nothing is fetched. */
const LIBRARIES = '/usr/share/gocode'

export type ReadObject = { readonly kind: string } & Readonly<Record<string, unknown>>

export class ClusterReader implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'drydock-kubernetes-'))
  readonly #program = join(this.#folder, 'reader')

  constructor() {
    const cache = join(this.#folder, 'cache')
    const own = { GO111MODULE: 'off', GOPATH: LIBRARIES, GOCACHE: cache, GOFLAGS: '-p=2' }
    const env = { PATH: process.env.PATH ?? '', HOME: this.#folder, ...own }
    execFileSync('go', ['build', '-o', this.#program, SOURCE], { env, stdio: 'pipe' })
    rmSync(cache, { recursive: true })
  }

  parse(yaml: string | Uint8Array): readonly ReadObject[] {
    return this.#run(['parse'], yaml)
  }

  /** What `helm template` gives of a chart's files, with values that differ from the chart's. */
  render(
    files: readonly (readonly [string, string])[],
    values: object = {},
  ): { readonly objects: readonly ReadObject[]; readonly notes: string } {
    const folder = join(this.#folder, 'chart')
    rmSync(folder, { recursive: true, force: true })
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const rendered = this.#run(['render', folder], JSON.stringify(values))
    const notes = rendered.find((each) => 'notes' in each)?.notes
    return { objects: rendered.filter((each) => 'kind' in each), notes: String(notes) }
  }

  #run(args: readonly string[], input: string | Uint8Array): readonly ReadObject[] {
    const options = { input, encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 } as const
    return JSON.parse(execFileSync(this.#program, args, options))
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
