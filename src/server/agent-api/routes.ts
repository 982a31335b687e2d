import type { AgentRoute } from '../http/agent-route.ts'
import { type CheckInNeeds, checkInDoor } from './check-in.ts'
import { artifactDoor, type DownloadNeeds, manifestDoor } from './download.ts'
import { type EnrolNeeds, enrolDoor } from './enrol.ts'

/** Every door that agents knock at (docs/protocol/agent.md). */
export const AGENT_ROUTES: readonly AgentRoute<CheckInNeeds & DownloadNeeds & EnrolNeeds>[] = [
  enrolDoor,
  checkInDoor,
  manifestDoor,
  artifactDoor,
]
