import type { AgentRoute } from '../http/agent-route.ts'
import { type AndroidPackageNeeds, androidPackageDoor } from './android-package.ts'
import { type CheckInNeeds, checkInDoor } from './check-in.ts'
import { artifactDoor, manifestDoor } from './download.ts'
import { type EnrolNeeds, enrolDoor } from './enrol.ts'
import type { AgentGate } from './gate.ts'
import { checkInVisitor, enrolVisitor, gated } from './gated.ts'

type Needs = CheckInNeeds & AndroidPackageNeeds & EnrolNeeds & { readonly gate: AgentGate }

/** Every door that agents knock at (docs/protocol/agent.md). */
export const AGENT_ROUTES: readonly AgentRoute<Needs>[] = [
  gated(enrolDoor, enrolVisitor),
  gated(checkInDoor, checkInVisitor),
  manifestDoor,
  artifactDoor,
  androidPackageDoor,
]
