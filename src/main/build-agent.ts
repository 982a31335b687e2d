/**
 * Builds the agent for one target: the launcher as a compiled executable, and `agent.mjs`. The
 * compiler is the bun of this machine; what the executable runs on is the bun of the target, handed
 * in. The same source and runtimes give the same bytes, wherever they are built: nothing of the
 * building machine gets in.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Fault } from '../base/fault.ts'
import { unreachable } from '../base/invariant.ts'
import type { Arch, Libc, Target } from '../base/platform.ts'
import { AGENT_ENTRY } from '../contract/manifest.ts'
import { signAdHoc } from '../pack/macho/ad-hoc-signature.ts'
import { iconBytes } from '../pack/windows-icon.ts'
import { builtInVersion } from './product-version.ts'
import { describeProgram } from './windows-program.ts'

const SOURCE = fileURLToPath(new URL('../..', import.meta.url))
/** A build takes a second; a machine that swaps is given its time. */
const BUILD_MS = 120_000

export type BuiltAgent = {
  /** Path of the executable. */
  readonly launcher: string
  /** Path of the agent bundle. */
  readonly agent: string
}

/** What the target's runtime is called by its makers: `bun-linux-x64-musl`. */
export function runtimeName(target: Target): string {
  const arch = target.arch === 'arm64' ? 'aarch64' : 'x64'
  switch (target.platform) {
    case 'linux':
      return `bun-linux-${arch}${target.libc === 'musl' ? '-musl' : ''}`
    case 'windows':
      return `bun-windows-${arch}`
    case 'macos':
      return `bun-darwin-${arch}`
    case 'android':
      throw new Fault({ code: 'no-runtime', doing: 'naming a runtime for Android', retry: 'never' })
    default:
      return unreachable(target.platform)
  }
}

/** The target this very process runs on, as far as agents are built for it. */
export function hostTarget(host: { readonly platform: string; readonly arch: string }): Target {
  const arch: Arch = host.arch === 'arm64' ? 'arm64' : 'x64'
  if (host.platform === 'win32') return { platform: 'windows', arch, libc: 'none' }
  if (host.platform === 'darwin') return { platform: 'macos', arch, libc: 'none' }
  const glibcLoaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1']
  const libc: Libc = glibcLoaders.some((path) => existsSync(path)) ? 'glibc' : 'musl'
  return { platform: 'linux', arch, libc }
}

/** Where npm put this machine's runtime; null when it was not installed. */
export function hostRuntime(target: Target): string | null {
  const program = target.platform === 'windows' ? 'bun.exe' : 'bun'
  const path = join(SOURCE, 'node_modules/@oven', runtimeName(target), 'bin', program)
  return existsSync(path) ? path : null
}

/**
 * Writes `drydock-agent[.exe]` and `agent.mjs` into `outDir`, each whole or not at all.
 * `runtimePath` is the target's runtime and need not run here; `compilerPath` must, and is the same
 * one for the machine's own target.
 */
export async function buildAgent(order: {
  readonly target: Target
  readonly runtimePath: string
  readonly outDir: string
  readonly compilerPath?: string
  /** Ends the build halfway. */
  readonly signal?: AbortSignal
}): Promise<BuiltAgent> {
  const { target, runtimePath, outDir, signal } = order
  const compiler = { path: order.compilerPath ?? runtimePath, signal }
  const executable = `drydock-agent${target.platform === 'windows' ? '.exe' : ''}`
  await mkdir(outDir, { recursive: true })
  const work = await mkdtemp(join(outDir, '.building-'))
  try {
    // The name is the same for every build, because it ends up inside the executable.
    await compile(compiler, work, [
      '--target=bun',
      entry('agent.ts'),
      `--outfile=${join(work, AGENT_ENTRY)}`,
    ])
    await compile(compiler, work, [
      '--compile',
      // Without these two the executable would run code that it finds in its working directory.
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      // Smaller heaps, and the machine's own certificate authorities beside the built-in ones.
      '--compile-exec-argv=--smol --use-system-ca',
      // Almost all of it runs once: code that is never compiled further saves 7 MB of memory.
      '--compile-jit-policy=100',
      `--compile-executable-path=${await prepareRuntime(target, runtimePath, work)}`,
      `--target=${runtimeName(target).replace('aarch64', 'arm64')}`,
      entry('agent-launcher.ts'),
      `--outfile=${join(work, executable)}`,
    ])
    if (losesSignature(target)) await signAnew(join(work, executable))
    await chmod(join(work, executable), 0o755)
    const built = { launcher: join(outDir, executable), agent: join(outDir, AGENT_ENTRY) }
    await rename(join(work, executable), built.launcher)
    await rename(join(work, AGENT_ENTRY), built.agent)
    return built
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** What the agent is compiled into: on Windows the runtime tells what it has become. */
async function prepareRuntime(target: Target, runtimePath: string, work: string): Promise<string> {
  if (target.platform !== 'windows') return runtimePath
  const about = { version: builtInVersion(), icon: iconBytes() }
  const path = join(work, 'runtime.exe')
  await writeFile(path, await describeProgram(await readFile(runtimePath), about))
  return path
}

/**
 * For Macs with arm64 the compiler signs its output; for those with x64 it leaves the signature of
 * the runtime's makers there, which no longer fits, and the system would kill the launcher.
 */
function losesSignature({ platform, arch }: Target): boolean {
  return platform === 'macos' && arch === 'x64'
}

async function signAnew(path: string): Promise<void> {
  await writeFile(path, signAdHoc(await readFile(path), 'drydock-agent'))
}

function entry(name: string): string {
  return join(SOURCE, 'src/main', name)
}

async function compile(
  compiler: { readonly path: string; readonly signal: AbortSignal | undefined },
  folder: string,
  args: readonly string[],
): Promise<void> {
  const run = promisify(execFile)
  try {
    // An environment of our own: what the runtime would obey in ours must not shape the build.
    await run(compiler.path, ['build', '--minify', ...args], {
      cwd: folder,
      env: { HOME: folder, TMPDIR: tmpdir(), PATH: '/usr/bin:/bin' },
      timeout: BUILD_MS,
      signal: compiler.signal,
    })
  } catch (error) {
    throw new Fault({
      code: 'agent-not-built',
      doing: `compiling with ${compiler.path}`,
      retry: 'never',
      cause: error,
    })
  }
}
