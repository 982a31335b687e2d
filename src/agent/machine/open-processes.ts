/** The processes of the machine that this process runs on: one row a platform. */
import { type AgentPlatform, OWN_PLATFORM } from './platform.ts'
import type { Processes } from './processes.ts'

const OPENERS: Readonly<Record<AgentPlatform, () => Promise<Processes>>> = {
  linux: openLinux,
  macos: openMac,
  windows: openWindows,
}

async function openLinux(): Promise<Processes> {
  const { posixProcesses } = await import('./posix-processes.ts')
  return posixProcesses(process.pid, (await import('./proc-table.ts')).PROC_TABLE)
}

async function openMac(): Promise<Processes> {
  const { posixProcesses } = await import('./posix-processes.ts')
  const { openMacProcessTable } = await import('./macos/processes.ts')
  return posixProcesses(process.pid, await openMacProcessTable())
}

async function openWindows(): Promise<Processes> {
  return (await import('./windows/processes.ts')).openWindowsProcesses()
}

export function openProcesses(platform: AgentPlatform = OWN_PLATFORM): Promise<Processes> {
  return OPENERS[platform]()
}
