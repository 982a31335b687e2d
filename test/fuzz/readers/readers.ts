/** Every reader of bytes that others wrote. Who writes another one adds it here. */
import { OF_AGENTS } from './of-agents.ts'
import { OF_ANSWERS } from './of-answers.ts'
import { OF_KEYS } from './of-keys.ts'
import { OF_MACHINES } from './of-machines.ts'
import { OF_PACKAGES } from './of-packages.ts'
import { OF_SERVERS } from './of-servers.ts'
import type { Reader } from './reader.ts'

export const READERS: readonly Reader[] = [
  ...OF_PACKAGES,
  ...OF_KEYS,
  ...OF_MACHINES,
  ...OF_AGENTS,
  ...OF_ANSWERS,
  ...OF_SERVERS,
]
