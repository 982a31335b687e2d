import type { AgentRoute } from '../http/agent-route.ts'
import { type AndroidPackageNeeds, androidPackageDoor } from './android-package.ts'
import { type CheckInNeeds, checkInDoor } from './check-in.ts'
import { artifactDoor, manifestDoor } from './download.ts'
import { type EnrolNeeds, enrolDoor } from './enrol.ts'

/** Every door that agents knock at (docs/protocol/agent.md). */
export const AGENT_ROUTES: readonly AgentRoute<CheckInNeeds & AndroidPackageNeeds & EnrolNeeds>[] =
  [enrolDoor, checkInDoor, manifestDoor, artifactDoor, androidPackageDoor]
