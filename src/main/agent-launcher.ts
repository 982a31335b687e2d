/**
 * The entry of the `drydock-agent` executable: the launcher, the process it starts for a version,
 * and the commands for a person. The program folder is where the executable lies, unless `--root`
 * says otherwise.
 */
import { dirname, join } from 'node:path'
import { parseArguments, USAGE } from '../agent/arguments.ts'
import { CLEAN_ENVIRONMENT } from '../agent/environment.ts'
import { linuxFacts } from '../agent/facts/linux.ts'
import { machineId } from '../agent/facts/machine-id.ts'
import { loadIdentity } from '../agent/identity.ts'
import { Launcher } from '../agent/launcher/launcher.ts'
import { type Layout, layoutOf, PROGRAM_FOLDER } from '../agent/layout.ts'
import { makeFolder } from '../agent/machine/files.ts'
import { takeLock } from '../agent/machine/lock.ts'
import { runToTheEnd } from '../agent/machine/processes.ts'
import { trustedKeysOf } from '../agent/manifest.ts'
import { loadSettings } from '../agent/settings.ts'
import { describeStatus, readStatus } from '../agent/status.ts'
import { stderrLog } from '../agent/stderr-log.ts'
import { uninstallCommand } from '../agent/uninstall.ts'
import { systemClock } from '../base/clock.ts'
import { causeChain } from '../base/fault.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { AGENT_ENTRY } from '../contract/manifest.ts'
import type { Handover } from './agent.ts'

const log = stderrLog('launcher', systemClock)

function layoutFor(root: string): Layout {
  const program = root === '' ? dirname(process.execPath) : join(root, PROGRAM_FOLDER)
  return layoutOf(root, program)
}

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args)
  if (!parsed.ok) {
    process.stderr.write(`drydock-agent: ${parsed.refusal}\n\n${USAGE}`)
    return 2
  }
  const command = parsed.value
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE)
      return 0
    case 'run':
      return runLauncher(layoutFor(command.root))
    case 'agent':
      return startVersion(JSON.parse(command.handover))
    case 'status':
      return printStatus(layoutFor(command.root), command.asJson)
    case 'facts':
      return printFacts(layoutFor(command.root))
    case 'uninstall':
      return uninstall(layoutFor(command.root))
  }
}

async function runLauncher(layout: Layout): Promise<number> {
  const settings = loadSettings(layout, log)
  if (!settings.ok) {
    log.error({ path: layout.enrolment, ...settings.refusal }, 'not installed properly')
    return 1
  }
  makeFolder(layout.state)
  if (!(await takeLock(layout.lock))) {
    log.error({ state: layout.state }, 'another launcher is running here')
    return 3
  }
  const launcher = new Launcher({
    layout,
    trustedKeys: trustedKeysOf(settings.value),
    clock: systemClock,
    random: systemRandom,
    log,
    environment: CLEAN_ENVIRONMENT,
    agentCommand: (versionFolder) => {
      const handover: Handover = { root: layout.root, program: layout.program, versionFolder }
      return [process.execPath, 'agent', JSON.stringify(handover)]
    },
  })
  process.on('SIGTERM', () => launcher.stop())
  process.on('SIGINT', () => launcher.stop())
  await launcher.run()
  return 0
}

/** The launcher has verified the file it names just now, and is waiting on our stdin. */
async function startVersion(handover: Handover): Promise<number> {
  const { runAgent }: typeof import('./agent.ts') = await import(
    join(handover.versionFolder, AGENT_ENTRY)
  )
  return runAgent(handover)
}

async function printStatus(layout: Layout, asJson: boolean): Promise<number> {
  const status = await readStatus(layout, systemClock, silentLog)
  process.stdout.write(asJson ? `${JSON.stringify(status, null, 2)}\n` : describeStatus(status))
  return status.running ? 0 : 1
}

function printFacts(layout: Layout): number {
  const settings = loadSettings(layout, silentLog)
  const facts = linuxFacts({
    machine_id: machineId(layout, systemRandom),
    endpoint_tags: settings.ok ? settings.value.endpoint_tags : [],
    installed_at: loadIdentity(layout.identity)?.installed_at ?? 0,
  })
  process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`)
  return 0
}

async function uninstall(layout: Layout): Promise<number> {
  const command = uninstallCommand(layout, process.getuid?.() ?? 0)
  if (!command.ok) {
    process.stderr.write(`drydock-agent: ${command.refusal.message}\n`)
    return 1
  }
  process.stdout.write(`removing the agent: ${command.value.join(' ')}\n`)
  const code = await runToTheEnd(command.value, CLEAN_ENVIRONMENT)
  process.stdout.write(code === 0 ? 'the agent is removed\n' : `not removed (exit code ${code})\n`)
  return code
}

try {
  process.exit(await main(process.argv.slice(2)))
} catch (error) {
  log.error({ chain: causeChain(error) }, 'ended by a fault')
  process.exit(1)
}
