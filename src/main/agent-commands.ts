/** The commands of `drydock-agent` for a person: status, facts, uninstall. */
import type { Command } from '../agent/arguments.ts'
import { giveState } from '../agent/cluster/give-state.ts'
import { readinessOf, readPodState } from '../agent/cluster/readiness.ts'
import { cleanEnvironment } from '../agent/environment.ts'
import { machineId } from '../agent/facts/machine-id.ts'
import { openMachine } from '../agent/facts/open-machine.ts'
import { loadIdentity } from '../agent/identity.ts'
import { layoutFor } from '../agent/layout.ts'
import { isReadable } from '../agent/machine/files.ts'
import { runToTheEnd } from '../agent/machine/processes.ts'
import { trustedKeysOf } from '../agent/manifest.ts'
import { loadSettings } from '../agent/settings.ts'
import { describeStatus, readStatus } from '../agent/status.ts'
import { uninstallCommand } from '../agent/uninstall.ts'
import { readManifest } from '../agent/version-directory.ts'
import { systemClock } from '../base/clock.ts'
import { unreachable } from '../base/invariant.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'

type PersonsCommand = Extract<
  Command,
  { kind: 'status' | 'facts' | 'ready' | 'give-state' | 'uninstall' }
>

export async function performCommand(command: PersonsCommand): Promise<number> {
  switch (command.kind) {
    case 'status':
      return printStatus(command)
    case 'facts':
      return printFacts(command.root)
    case 'ready':
      return tellReady(command.root)
    case 'give-state':
      return giveStateTo(command)
    case 'uninstall':
      return uninstall(command)
    default:
      return unreachable(command)
  }
}

async function printStatus(asked: Extract<Command, { kind: 'status' }>): Promise<number> {
  const layout = layoutFor(asked.root, process.execPath)
  const userId = process.getuid?.() ?? 0
  // In a container the agent has a user of its own.
  if (asked.root === '' && userId !== 0 && !isReadable(layout.state)) {
    return complain('status needs root: try with sudo')
  }
  const status = await readStatus(layout, systemClock, silentLog)
  process.stdout.write(
    asked.asJson ? `${JSON.stringify(status, null, 2)}\n` : describeStatus(status),
  )
  return status.running ? 0 : 1
}

/** What anybody may know of the machine; the tags of the installation are root's to read. */
async function printFacts(root: string): Promise<number> {
  const layout = layoutFor(root, process.execPath)
  const settings = loadSettings(layout, silentLog)
  const machine = await openMachine()
  const facts = machine.facts({
    machine_id: machineId(layout, machine, systemRandom),
    endpoint_tags: settings.ok ? settings.value.endpoint_tags : [],
    installed_at: loadIdentity(layout.identity)?.installed_at ?? 0,
  })
  process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`)
  return 0
}

/** The agent is asked only when it is this pod's own: the folder may be another one's still. */
async function tellReady(root: string): Promise<number> {
  const layout = layoutFor(root, process.execPath)
  const pod = readPodState(layout)
  const settings = loadSettings(layout, silentLog)
  const seed = settings.ok ? readManifest(layout.seed, trustedKeysOf(settings.value)) : null
  const imageVersion = seed?.ok ? seed.value.manifest.version : null
  const status = await readStatus(layout, systemClock, silentLog)
  const { isReady, why } = readinessOf({ pod, imageVersion, status })
  process.stdout.write(`${isReady ? 'ready' : 'not ready'}: ${why}\n`)
  return isReady ? 0 : 1
}

function giveStateTo(asked: Extract<Command, { kind: 'give-state' }>): number {
  const { state } = layoutFor(asked.root, process.execPath)
  const given = giveState(state, asked.userId, process.getuid?.() ?? 0)
  if (!given.ok) return complain(`${given.refusal.code}: ${given.refusal.why}`)
  process.stdout.write(`${state} belongs to user ${asked.userId}\n`)
  return 0
}

async function uninstall(asked: Extract<Command, { kind: 'uninstall' }>): Promise<number> {
  const layout = layoutFor(asked.root, process.execPath)
  const userId = process.getuid?.() ?? 0
  const command = uninstallCommand(layout, { userId, what: asked.what })
  if (!command.ok) return complain(command.refusal.message)
  process.stdout.write(`removing the agent: ${command.value.join(' ')}\n`)
  const code = await runToTheEnd(command.value, cleanEnvironment())
  process.stdout.write(code === 0 ? 'the agent is removed\n' : `not removed (exit code ${code})\n`)
  return code
}

function complain(what: string): number {
  process.stderr.write(`drydock-agent: ${what}\n`)
  return 1
}
