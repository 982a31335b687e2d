/**
 * What every call does that orders upgrades: decide, save, audit, and plan what can begin at once.
 */
import type * as z from 'zod'
import type { Instant } from '../../../base/clock.ts'
import type { UpgradeActionId } from '../../../base/ids.ts'
import { accept, type Result } from '../../../base/result.ts'
import type { orderedUpgradeReply } from '../../../contract/public/endpoints.ts'
import { type Actor, actorName } from '../../../domain/access/actor.ts'
import {
  type CreateUpgradeAction,
  type CreateUpgradeActionRefusal,
  type CreateUpgradeActionView,
  decideCreateUpgradeAction,
  type UpgradeActionCreated,
} from '../../../domain/upgrade/create-upgrade-action.ts'
import { type AuditEntry, saveAudit } from '../../../store/audit.ts'
import type { Writer } from '../../../store/open.ts'
import { lockCreateUpgradeActionView } from '../../../store/upgrade-candidates.ts'
import { saveUpgradeAction } from '../../../store/upgrade-orders.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import { type AdvanceNeeds, planHeld } from '../../work/advance-rollouts.ts'
import { renderUpgradeAction } from './upgrade-reply.ts'

export type OrderNeeds = AdvanceNeeds & {
  readonly configuration: LiveConfiguration
  readonly wakeRollouts: () => void
}

export type Ordered = {
  readonly actionId: UpgradeActionId
  readonly created: UpgradeActionCreated
}

export type Order = {
  readonly command: CreateUpgradeAction
  readonly actor: Actor
  readonly now: Instant
  audited(ordered: Ordered): AuditEntry
}

export type OrderReply = z.output<typeof orderedUpgradeReply>

/** Of the calls that order what an earlier action left. */
export type Placed = Result<OrderReply, ApiRefusal>

/** The caller holds the rollouts, before the endpoints, as everybody does who plans. */
export async function placeOrder(
  tx: Writer,
  needs: OrderNeeds,
  order: Order,
): Promise<Result<OrderReply, CreateUpgradeActionRefusal>> {
  const { command, actor, now } = order
  const view = await lockViewOf(tx, needs, command, now)
  const decided = decideCreateUpgradeAction(view, command, now)
  if (!decided.ok) return decided
  const actionId = await saveUpgradeAction(tx, decided.value, actorName(actor))
  await saveAudit(tx, order.audited({ actionId, created: decided.value }))
  // Who can begin at once finds its offer at its next check-in, whenever the engine looks.
  await planHeld(tx, needs, actionId)
  return accept(renderUpgradeAction(actionId, decided.value))
}

/** What the order is decided on; the endpoints are held. */
export async function lockViewOf(
  tx: Writer,
  { checkInLimits: { probationS } }: Pick<OrderNeeds, 'checkInLimits'>,
  command: CreateUpgradeAction,
  now: Instant,
): Promise<CreateUpgradeActionView> {
  const { endpointIds, targetVersions, ownTargets } = command
  const versions = [...new Set([...targetVersions.values(), ...(ownTargets?.values() ?? [])])]
  const view = await lockCreateUpgradeActionView(tx, { endpointIds, versions }, now)
  return { ...view, probationS }
}
