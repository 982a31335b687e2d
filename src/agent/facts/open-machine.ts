/** The facts of the machine that this process runs on: one row a platform. */
import { type AgentPlatform, OWN_PLATFORM } from '../machine/platform.ts'
import type { Machine } from './machine.ts'

const OPENERS: Readonly<Record<AgentPlatform, () => Promise<Machine>>> = {
  linux: openLinux,
  macos: async () => (await import('./macos.ts')).openMacMachine(),
  windows: async () => (await import('./windows.ts')).openWindowsMachine(),
}

async function openLinux(): Promise<Machine> {
  return (await import('./linux.ts')).linuxMachine()
}

export function openMachine(platform: AgentPlatform = OWN_PLATFORM): Promise<Machine> {
  return OPENERS[platform]()
}
