/** Takes a product archive apart with bsdtar, which reads xar and cpio and is not ours. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadFile } from '../writer.suite.ts'

/** Names beyond ASCII are UTF-8. */
const ENVIRONMENT = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' }

export type ReadComponent = {
  readonly bom: Uint8Array
  readonly payload: Uint8Array
  readonly packageInfo: string
  readonly scripts: ReadonlyMap<string, string>
  /** By their paths, without `./`. */
  readonly files: ReadonlyMap<string, ReadFile>
  readonly folders: ReadonlyMap<string, ReadFile>
}

export type ReadProduct = {
  readonly distribution: string
  /** By the names of their folders: `agent-x64.pkg`. */
  readonly components: ReadonlyMap<string, ReadComponent>
}

/** For programs that read no pipe. */
export function withFile<Result>(bytes: Uint8Array, ask: (file: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-pkg-'))
  try {
    writeFileSync(join(folder, 'it.pkg'), bytes)
    return ask(join(folder, 'it.pkg'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function readProduct(bytes: Uint8Array): ReadProduct {
  return withFile(bytes, (file) => {
    const product = unpack(file, `${file}.product`)
    const names = readdirSync(product).filter((name) => name !== 'Distribution')
    return {
      distribution: readFileSync(join(product, 'Distribution'), 'utf8'),
      components: new Map(
        names.sort().map((name) => [name, readComponent(join(product, name))] as const),
      ),
    }
  })
}

/** Throws when bsdtar finds something wrong. */
export function unpack(archive: string, into: string): string {
  mkdirSync(into)
  const done = spawnSync('bsdtar', ['-xpf', archive, '-C', into], {
    encoding: 'utf8',
    env: ENVIRONMENT,
  })
  if (done.status !== 0) throw new Error(`bsdtar: ${done.stderr}`)
  return into
}

function readComponent(folder: string): ReadComponent {
  const payload = unpack(join(folder, 'Payload'), join(folder, 'payload'))
  const scripts = unpack(join(folder, 'Scripts'), join(folder, 'scripts'))
  const entries = readdirSync(payload, { recursive: true, encoding: 'utf8' })
  const read = entries.map((path) => [path, readEntry(join(payload, path))] as const)
  const isFolder = (path: string) => lstatSync(join(payload, path)).isDirectory()
  return {
    bom: readFileSync(join(folder, 'Bom')),
    payload: readFileSync(join(folder, 'Payload')),
    packageInfo: readFileSync(join(folder, 'PackageInfo'), 'utf8'),
    scripts: new Map(
      readdirSync(scripts).map((name) => [name, readFileSync(join(scripts, name), 'utf8')]),
    ),
    files: new Map(read.filter(([path]) => !isFolder(path))),
    folders: new Map(read.filter(([path]) => isFolder(path))),
  }
}

function readEntry(path: string): ReadFile {
  const { mode, mtimeMs } = lstatSync(path)
  const isFile = existsSync(path) && lstatSync(path).isFile()
  return {
    mode: mode & 0o7777,
    modified: mtimeMs / 1000,
    bytes: isFile ? readFileSync(path) : new Uint8Array(),
  }
}
