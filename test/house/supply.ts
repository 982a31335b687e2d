/** What we build from: pinned, verified by digest, and naming no place to fetch it from. */
import { posix } from 'node:path'
import type { Finding, Tree } from './tree.ts'

type Manifest = {
  readonly scripts?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}
type Entry = {
  readonly resolved?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
type Lockfile = { readonly packages: Readonly<Record<string, Entry>> }

export function lockfile(tree: Tree): Finding[] {
  const path = 'package-lock.json'
  const text = tree.get(path)?.text
  if (text === undefined) return [missing(path)]
  const { packages }: Lockfile = JSON.parse(text)
  return Object.entries(packages).flatMap(([name, entry]) => {
    if (entry.resolved !== undefined) {
      const instead = 'npm install with the .npmrc of this repository'
      return [{ path, line: 1, problem: `names an address for ${name}`, instead }]
    }
    const absent = Object.keys(entry.optionalDependencies ?? {}).filter(
      (wanted) => packages[`node_modules/${wanted}`] === undefined,
    )
    if (absent.length > 0) {
      const instead = 'node tools/complete-lockfile.ts, or npm ci refuses it'
      return [{ path, line: 1, problem: `lacks ${absent.join(', ')}`, instead }]
    }
    if (name === '' || entry.integrity !== undefined || isForeignTool(entry)) return []
    const instead = 'remove its entry and run npm install'
    return [{ path, line: 1, problem: `has no digest for ${name}`, instead }]
  })
}

/** What tools/complete-lockfile.ts writes: never anything that the product runs. */
function isForeignTool(entry: Entry): boolean {
  return entry.dev === true && entry.optional === true && entry.os !== undefined
}

export function pinned(tree: Tree): Finding[] {
  const path = 'package.json'
  const text = tree.get(path)?.text
  if (text === undefined) return [missing(path)]
  const manifest: Manifest = JSON.parse(text)
  const wanted = ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((group) =>
    Object.entries(manifest[group] ?? {}),
  )
  return wanted
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(String(version)))
    .map(([name, version]) => {
      const problem = `asks for ${name} at ${version}`
      return { path, line: 1, problem, instead: 'one exact version' }
    })
}

/** `node tools/x.ts` in a script, and the files of `bin`, are there. */
export function scripts(tree: Tree): Finding[] {
  const path = 'package.json'
  const manifest: Manifest = JSON.parse(tree.get(path)?.text ?? '{}')
  return Object.entries(manifest.scripts ?? {}).flatMap(([script, command]) =>
    [...command.matchAll(/(?:^|\s)((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|sh))\b/g)]
      .map((match) => posix.normalize(match[1] ?? ''))
      .filter((file) => !tree.has(file))
      .map((file) => {
        const problem = `has a script "${script}" that runs ${file}, which is not there`
        return { path, line: 1, problem, instead: 'write it, or take the script out' }
      }),
  )
}

// Spelt in pieces, so that this file does not break its own rule.
const PUBLIC_REGISTRIES = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['npm', 'pkg', 'github', 'com'],
  ['deb', 'debian', 'org'],
  ['security', 'debian', 'org'],
  ['archive', 'ubuntu', 'com'],
].map((parts) => parts.join('.'))

/**
 * No registry is named anywhere: where packages come from is the builder's own business. `own` are
 * the ones this machine happens to be set up with.
 */
export function registries(tree: Tree, own: readonly string[] = []): Finding[] {
  const hosts = [...PUBLIC_REGISTRIES, ...own]
  return [...tree.values()].flatMap((file) =>
    hosts
      .filter((host) => file.text.includes(host))
      .map((host) => ({
        path: file.path,
        line: file.text.slice(0, file.text.indexOf(host)).split('\n').length,
        problem: 'names the host of a package registry',
        instead: 'leave it to the settings of the machine',
      })),
  )
}

/** The host of the registry npm was started with, unless it is this machine or a public one. */
export function ownRegistries(address: string | undefined): string[] {
  if (address === undefined || !URL.canParse(address)) return []
  const { hostname } = new URL(address)
  return hostname.includes('.') && !hostname.startsWith('127.') ? [hostname] : []
}

function missing(path: string): Finding {
  return { path, line: 1, problem: 'is not there', instead: 'bring it back' }
}
