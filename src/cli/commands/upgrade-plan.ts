import { defineApiCommand } from '../command.ts'
import { endpointsOf, flawOfOrder, ORDER_OPTIONS, requestsOf } from '../order-options.ts'
import { refuseUsage } from '../outcome.ts'
import { planAll } from '../plan-upgrade.ts'

export const upgradePlan = defineApiCommand({
  name: 'upgrade plan',
  summary: 'Show what an order would do, and when, and order nothing',
  notes: [
    'It takes what "drydock upgrade" takes. The server plans as it would, on an imagined fleet of',
    'which every upgrade succeeds and takes as long as upgrades took here.',
  ],
  options: ORDER_OPTIONS,
  async run(context, values) {
    const flaw = flawOfOrder(values)
    if (flaw !== null) return refuseUsage(flaw)
    const ids = await endpointsOf(context.client, values)
    if (!ids.ok) return ids
    return planAll(context, requestsOf(values, ids.value))
  },
})
