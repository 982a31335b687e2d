/** What the calls of every setting have in common; each setting has its own words beside this. */
import type * as z from 'zod'
import type { Clock } from '../../../base/clock.ts'
import { accept, type Result } from '../../../base/result.ts'
import type { PublicCall, ReplyTo } from '../../../contract/public/call.ts'
import { actorName } from '../../../domain/access/actor.ts'
import type {
  ChangeConfigurationRefusal,
  Configuration,
  SettingName,
} from '../../../domain/configuration/configuration.ts'
import { saveAudit } from '../../../store/audit.ts'
import { lockConfiguration, saveSetting } from '../../../store/configuration.ts'
import { saveEvents } from '../../../store/events.ts'
import type { Database } from '../../../store/open.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRequest, PublicRoute } from '../../http/route.ts'

export type ConfigurationNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly configuration: LiveConfiguration
}

type Setting<Name extends SettingName, Reply extends z.ZodType, Request extends z.ZodType> = {
  readonly name: Name
  readonly calls: {
    readonly get: PublicCall<z.ZodType, Reply>
    readonly set: PublicCall<Request, z.ZodLiteral<true>>
  }
  render(setting: Configuration[Name]): ReplyTo<PublicCall<z.ZodType, Reply>>
  change(
    present: Configuration[Name],
    asked: z.output<Request>,
  ): Result<Configuration[Name], ChangeConfigurationRefusal>
}

export function settingRoutes<
  Name extends SettingName,
  Reply extends z.ZodType,
  Request extends z.ZodType,
>(setting: Setting<Name, Reply, Request>) {
  const { calls, name, render } = setting
  const get: PublicRoute<ConfigurationNeeds, PublicCall<z.ZodType, Reply>> = {
    call: calls.get,
    permission: 'configurations.view',
    async answer(needs) {
      const configuration = await needs.configuration.current()
      return accept(render(configuration[name]))
    },
  }
  const set: PublicRoute<ConfigurationNeeds, PublicCall<Request, z.ZodLiteral<true>>> = {
    call: calls.set,
    permission: 'configurations.edit',
    isEverywhere: true, // To delete endpoints, for one.
    answer: (needs, request) => save(needs, setting, request),
  }
  return [get, set] as const
}

/** Whoever sets it at the same time does so before or after, and each entry tells what it found. */
async function save<Name extends SettingName, Reply extends z.ZodType, Request extends z.ZodType>(
  needs: ConfigurationNeeds,
  setting: Setting<Name, Reply, Request>,
  request: PublicRequest<z.output<Request>>,
): Promise<Result<true, ChangeConfigurationRefusal>> {
  const { name, calls, render, change } = setting
  const subject = calls.get.path.slice(calls.get.path.lastIndexOf('/') + 1)
  const now = needs.clock.now()
  const saved = await needs.database.write(async (tx) => {
    const present = (await lockConfiguration(tx))[name]
    const changed = change(present, request.data)
    if (!changed.ok) return changed
    await saveSetting(tx, name, changed.value)
    const description = `Set ${subject}`
    const values = { before: render(present), after: render(changed.value) }
    const what = { action: 'configuration.set', subject, description, ...values }
    const by = actorName(request.actor)
    await saveEvents(tx, now, [{ type: 'configuration.changed', name: subject, by }])
    await saveAudit(tx, audited(request, now, what))
    return accept(true as const)
  })
  needs.configuration.forget()
  return saved
}
