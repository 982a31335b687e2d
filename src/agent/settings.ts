/** What this agent was installed with, and what the machine's administrator says instead. */
import { join } from 'node:path'
import type { Log } from '../base/log.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { type Installation, installation, machineSettings } from '../contract/agent/installation.ts'
import {
  INSTALL_SETTINGS_FILE,
  type InstallSettings,
  readInstallSettings,
} from './install-settings.ts'
import { type JsonFileRefusal, readJsonFile } from './json-file.ts'
import type { Layout } from './layout.ts'

const TAGS_MAX = 100

/**
 * The installation with what was said to the installer applied, then the administrator's file. A
 * mistake in either of them must not silence an endpoint.
 */
export function loadSettings(layout: Layout, log: Log): Result<Installation, JsonFileRefusal> {
  const installed = readJsonFile(layout.enrolment, installation)
  if (!installed.ok) return refuse(installed.refusal)
  const saidPath = join(layout.program, INSTALL_SETTINGS_FILE)
  const said = readInstallSettings(saidPath)
  if (!said.ok) complain(log, saidPath, said.refusal)
  const asSaid = said.ok ? applyInstallSettings(installed.value, said.value) : installed.value
  const settings = readJsonFile(layout.settings, machineSettings)
  if (!settings.ok) complain(log, layout.settings, settings.refusal)
  return accept(settings.ok ? applySettings(asSaid, settings.value) : asSaid)
}

function complain(log: Log, path: string, refusal: JsonFileRefusal): void {
  if (refusal.code === 'unreadable')
    log.error({ path, what: refusal.what }, 'this file is not used')
}

/** Proxies and tags as in the administrator's file; the enrolment's own values are replaced. */
function applyInstallSettings(installed: Installation, said: InstallSettings): Installation {
  const enrolment = {
    ...installed,
    server_url: said['enrolment.server_url'] ?? installed.server_url,
    distribution_id: said['enrolment.distribution_id'] ?? installed.distribution_id,
    token: said['enrolment.token'] ?? installed.token,
  }
  const { 'machine.proxy': proxy, 'machine.endpoint_tags': endpoint_tags } = said
  return applySettings(enrolment, { proxy, endpoint_tags })
}

export function applySettings(
  installed: Installation,
  settings: {
    readonly proxy?: string[] | undefined
    readonly endpoint_tags?: string[] | undefined
  },
): Installation {
  const tags = new Set([...installed.endpoint_tags, ...(settings.endpoint_tags ?? [])])
  return {
    ...installed,
    proxy: settings.proxy ?? installed.proxy,
    endpoint_tags: [...tags].slice(0, TAGS_MAX),
  }
}
