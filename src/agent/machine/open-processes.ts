/** The processes of the machine that this process runs on: one row a platform. */
import { type AgentPlatform, OWN_PLATFORM } from './platform.ts'
import type { Processes } from './processes.ts'

const OPENERS: Readonly<Record<AgentPlatform, () => Promise<Processes>>> = {
  linux: openPosix,
  macos: openPosix,
  windows: openWindows,
}

async function openPosix(): Promise<Processes> {
  return (await import('./posix-processes.ts')).posixProcesses(process.pid)
}

async function openWindows(): Promise<Processes> {
  return (await import('./windows/processes.ts')).openWindowsProcesses()
}

export function openProcesses(platform: AgentPlatform = OWN_PLATFORM): Promise<Processes> {
  return OPENERS[platform]()
}
