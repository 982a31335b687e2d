/**
 * The entry of the `drydock-agent` executable: the launcher, the process it starts for a version,
 * and the commands for a person. Each loads only what it needs: what the launcher is made of would
 * cost every running version 10 MB.
 */
import { join } from 'node:path'
import { type Command, parseArguments, USAGE } from '../agent/arguments.ts'
import { stderrLog } from '../agent/stderr-log.ts'
import { systemClock } from '../base/clock.ts'
import { causeChain } from '../base/fault.ts'
import type { Handover } from './agent.ts'

/** `AGENT_ENTRY` of the contract, which is not imported for one word. */
const ENTRY = 'agent.mjs'
/** Nothing that launcher, agent or payload write is anybody else's to read. */
const PRIVATE_UMASK = 0o077

async function main(args: readonly string[]): Promise<number> {
  // Best effort: when nobody reads the log any more (its reader was killed), the agent goes on.
  process.stderr.on('error', () => {})
  const parsed = parseArguments(args)
  if (!parsed.ok) {
    process.stderr.write(`drydock-agent: ${parsed.refusal}\n\n${USAGE}`)
    return 2
  }
  return perform(parsed.value)
}

async function perform(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE)
      return 0
    case 'agent':
      process.umask(PRIVATE_UMASK)
      return startVersion(JSON.parse(command.handover))
    case 'run': {
      process.umask(PRIVATE_UMASK)
      const { runLauncher } = await import('./launcher.ts')
      return runLauncher(command.root)
    }
    case 'service': {
      process.umask(PRIVATE_UMASK)
      const { runService } = await import('./launcher.ts')
      return runService(command.root)
    }
    default: {
      const { performCommand } = await import('./agent-commands.ts')
      return performCommand(command)
    }
  }
}

/** The launcher has verified the file it names just now, and is waiting on our stdin. */
async function startVersion(handover: Handover): Promise<number> {
  const { runAgent }: typeof import('./agent.ts') = await import(
    join(handover.versionFolder, ENTRY)
  )
  return runAgent(handover)
}

try {
  process.exit(await main(process.argv.slice(2)))
} catch (error) {
  stderrLog('launcher', systemClock).error({ chain: causeChain(error) }, 'ended by a fault')
  process.exit(1)
}
