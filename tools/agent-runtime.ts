/**
 * The runtimes that agents are compiled into. Those of other platforms come from the npm registry,
 * through npm, and are used only if they are the very bytes that are pinned here.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../src/base/fault.ts'
import { type Target, targetName } from '../src/base/platform.ts'
import { hostRuntime, hostTarget, runtimeName } from '../src/main/build-agent.ts'

const CACHE = fileURLToPath(new URL('../build/runtimes', import.meta.url))
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
  'bun-windows-aarch64':
    'sha512-MiPFZnBNDnBXgr1oONc5pizC4fOLjnIOfNkYdFEnWzLmoFTg86naZIG3SvS7d/GglpQSAnCKMAzSjI/TAckiRw==',
  'bun-darwin-x64':
    'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
  'bun-darwin-aarch64':
    'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
}

/**
 * The target's runtime: npm's own copy for this machine, else a packed one, verified, in the cache.
 */
export function runtimeFor(target: Target): string {
  const host = hostTarget(process)
  const own = hostRuntime(host)
  if (own !== null && targetName(host) === targetName(target)) return own
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
