/**
 * `npm run agent:release -- --targets all|linux-x64,...`: builds the agent for the targets named,
 * into `build/agent/<target>/`. The runtimes of other platforms come from the npm registry, through
 * npm, and are used only if they are the very bytes that are pinned here.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Fault } from '../src/base/fault.ts'
import { type Target, targetName } from '../src/base/platform.ts'
import { buildAgent, hostRuntime, hostTarget, runtimeName } from '../src/main/build-agent.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CACHE = join(ROOT, 'build/runtimes')
const RUNTIME_VERSION = '1.4.5'

/** `npm view @oven/<name>@1.4.5 dist.integrity`: a new version of the runtime means new rows. */
const RUNTIME_INTEGRITY: Readonly<Record<string, string>> = {
  'bun-linux-x64':
    'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
  'bun-linux-aarch64':
    'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  'bun-linux-x64-musl':
    'sha512-10QoW/YfTgnURaGEaHpJCiXjLI2e5iTtfVDaA5JKcyUzaa1cq6cVUY9/Uq5XkYzvtRjHLRe9Oj/lTDIQcxy8HQ==',
  'bun-linux-aarch64-musl':
    'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
  'bun-windows-x64':
    'sha512-FNvply651vcE/GHgNWz6mZvhmkwBuu8Hw54oNzA+CQog+HW+542rXQmZqNHRkFxazD9L3xi+iTtvO3engAgJfw==',
  'bun-darwin-x64':
    'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
  'bun-darwin-aarch64':
    'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
}

const TARGETS: readonly Target[] = [
  { platform: 'linux', arch: 'x64', libc: 'glibc' },
  { platform: 'linux', arch: 'arm64', libc: 'glibc' },
  { platform: 'linux', arch: 'x64', libc: 'musl' },
  { platform: 'linux', arch: 'arm64', libc: 'musl' },
  { platform: 'windows', arch: 'x64', libc: 'none' },
  { platform: 'macos', arch: 'x64', libc: 'none' },
  { platform: 'macos', arch: 'arm64', libc: 'none' },
]

/** Releases are also named as their makers' runtimes are: `darwin-arm64`. */
function folderName(target: Target): string {
  return targetName(target).replace('macos', 'darwin')
}

/**
 * The target's runtime: npm's own copy for this machine, else a packed one, verified, in the cache.
 */
function runtimeFor(target: Target): string {
  const host = hostTarget(process)
  const own = hostRuntime(host)
  if (own !== null && folderName(host) === folderName(target)) return own
  const name = runtimeName(target)
  const program = target.platform === 'windows' ? 'bun.exe' : 'bun'
  const folder = join(CACHE, `${name}-${RUNTIME_VERSION}`)
  const path = join(folder, 'package/bin', program)
  if (existsSync(path)) return path
  mkdirSync(CACHE, { recursive: true })
  const tarball = join(CACHE, `oven-${name}-${RUNTIME_VERSION}.tgz`)
  if (!existsSync(tarball)) {
    const spec = `@oven/${name}@${RUNTIME_VERSION}`
    execFileSync('npm', ['pack', spec, '--silent', '--pack-destination', CACHE], { cwd: CACHE })
  }
  checkIntegrity(tarball, name)
  const unpacking = `${folder}.unpacking`
  rmSync(unpacking, { recursive: true, force: true })
  mkdirSync(unpacking)
  execFileSync('tar', ['-xzf', tarball, '-C', unpacking])
  renameSync(unpacking, folder)
  return path
}

function checkIntegrity(tarball: string, name: string): void {
  const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64')
  if (`sha512-${digest}` === RUNTIME_INTEGRITY[name]) return
  rmSync(tarball)
  throw new Fault({
    code: 'runtime-not-as-pinned',
    doing: `verifying ${name} ${RUNTIME_VERSION}`,
    retry: 'never',
  })
}

function targetsOf(words: string): readonly Target[] {
  if (words === 'all') return TARGETS
  return words.split(',').map((word) => {
    const target = TARGETS.find((each) => folderName(each) === word.trim())
    if (target !== undefined) return target
    const known = TARGETS.map(folderName).join(', ')
    throw new Fault({
      code: 'unknown-target',
      doing: `finding ${word} in ${known}`,
      retry: 'never',
    })
  })
}

const { values } = parseArgs({ options: { targets: { type: 'string', default: 'all' } } })
const compilerPath = hostRuntime(hostTarget(process))
if (compilerPath === null) {
  throw new Fault({ code: 'no-runtime', doing: 'finding the compiler', retry: 'never' })
}
for (const target of targetsOf(values.targets)) {
  const outDir = join(ROOT, 'build/agent', folderName(target))
  const runtimePath = runtimeFor(target)
  const built = await buildAgent({ target, runtimePath, outDir, compilerPath })
  process.stdout.write(`${built.launcher}\n${built.agent}\n`)
}
