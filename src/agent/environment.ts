/**
 * The environment that the agent and its payload are started with: this, and nothing of whoever
 * started the launcher. The runtime obeys variables (BUN_OPTIONS, BUN_BE_BUN) that would run other
 * code as root.
 */
import { type AgentPlatform, OWN_PLATFORM } from './machine/platform.ts'
import type { Environment } from './machine/processes.ts'

const UNIX: Environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/',
  LANG: 'C.UTF-8',
}

/** What the system itself gives a service, of which libraries ask: sockets need SystemRoot. */
const WINDOWS: Environment = {
  SystemDrive: 'C:',
  SystemRoot: 'C:\\Windows',
  windir: 'C:\\Windows',
  ComSpec: 'C:\\Windows\\System32\\cmd.exe',
  PATH: 'C:\\Windows\\System32;C:\\Windows;C:\\Windows\\System32\\Wbem',
  PATHEXT: '.COM;.EXE;.BAT;.CMD',
  ProgramData: 'C:\\ProgramData',
  ProgramFiles: 'C:\\Program Files',
  TEMP: 'C:\\Windows\\Temp',
  TMP: 'C:\\Windows\\Temp',
}

const ENVIRONMENTS: Readonly<Record<AgentPlatform, Environment>> = {
  linux: UNIX,
  macos: UNIX,
  windows: WINDOWS,
}

export function cleanEnvironment(platform = OWN_PLATFORM): Environment {
  return ENVIRONMENTS[platform]
}
