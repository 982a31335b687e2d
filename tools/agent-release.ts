/**
 * `npm run agent:release -- --targets all|linux-x64,...`: builds the agent for the targets named,
 * into `build/agent/<target>/`, with the licences of what is compiled into it. With `--sign-with
 * FILE [--password-file FILE]` those for Windows are signed with the certificate in it.
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Fault } from '../src/base/fault.ts'
import { buildFolderName, type Target, targetName } from '../src/base/platform.ts'
import { buildAgent, hostRuntime, hostTarget } from '../src/main/build-agent.ts'
import { runtimeFor } from './agent-runtime.ts'
import { certificateOf, signProgramFile } from './sign-program.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LICENCES = 'LICENSES.txt'

const TARGETS: readonly Target[] = [
  { platform: 'linux', arch: 'x64', libc: 'glibc' },
  { platform: 'linux', arch: 'arm64', libc: 'glibc' },
  { platform: 'linux', arch: 'x64', libc: 'musl' },
  { platform: 'linux', arch: 'arm64', libc: 'musl' },
  { platform: 'windows', arch: 'x64', libc: 'none' },
  { platform: 'windows', arch: 'arm64', libc: 'none' },
  { platform: 'macos', arch: 'x64', libc: 'none' },
  { platform: 'macos', arch: 'arm64', libc: 'none' },
]

/** By its folder's name, or as it is called everywhere else. */
function targetNamed(word: string): Target {
  const target = TARGETS.find((each) => buildFolderName(each) === word || targetName(each) === word)
  if (target !== undefined) return target
  process.stderr.write(`"${word}" is none of ${TARGETS.map(buildFolderName).join(', ')}\n`)
  return process.exit(2)
}

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: 'all' },
    'sign-with': { type: 'string' },
    'password-file': { type: 'string' },
  },
})
const words = values.targets.split(',')
const targets = values.targets === 'all' ? TARGETS : words.map((word) => targetNamed(word.trim()))
// First of all: what is wrong with it should not be told after minutes of building.
const signWith = values['sign-with']
const certificate = signWith === undefined ? null : certificateOf(signWith, values['password-file'])
const compilerPath = hostRuntime(hostTarget(process))
if (compilerPath === null) {
  throw new Fault({ code: 'no-runtime', doing: 'finding the compiler', retry: 'never' })
}
for (const target of targets) {
  const outDir = join(ROOT, 'build/agent', buildFolderName(target))
  const runtimePath = runtimeFor(target)
  const built = await buildAgent({ target, runtimePath, outDir, compilerPath })
  if (target.platform === 'windows' && certificate !== null) {
    await signProgramFile(built.launcher, certificate)
  }
  copyFileSync(join(ROOT, 'assets/agent', LICENCES), join(outDir, LICENCES))
  process.stdout.write(`${built.launcher}\n${built.agent}\n`)
}
