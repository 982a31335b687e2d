/** The platforms that an agent runs on, and the one that this process runs on. */
import type { Platform } from '../../base/platform.ts'

export type AgentPlatform = Exclude<Platform, 'android'>

/** As Node and bun name them; any other kind of Unix is taken as Linux. */
const BY_NAME: Readonly<Record<string, AgentPlatform>> = { win32: 'windows', darwin: 'macos' }

export const OWN_PLATFORM: AgentPlatform = BY_NAME[process.platform] ?? 'linux'
