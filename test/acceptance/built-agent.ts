import { readFileSync } from 'node:fs'
import { buildAgent, hostRuntime, hostTarget } from '../../src/main/build-agent.ts'

/** The real launcher of this machine, as a path, and the real agent bundle, built into a folder. */
export async function buildHostAgent(
  outDir: string,
): Promise<{ readonly launcher: string; readonly bundle: Uint8Array }> {
  const target = hostTarget(process)
  const runtimePath = hostRuntime(target)
  if (runtimePath === null) throw new Error('the runtime of this machine is not installed')
  const { launcher, agent } = await buildAgent({ target, runtimePath, outDir })
  return { launcher, bundle: readFileSync(agent) }
}
