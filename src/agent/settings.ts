/** What this agent was installed with, and what the machine's administrator says instead. */

import type { Log } from '../base/log.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { type Installation, installation, machineSettings } from '../contract/agent/installation.ts'
import { type JsonFileRefusal, readJsonFile } from './json-file.ts'
import type { Layout } from './layout.ts'

const TAGS_MAX = 100

/**
 * The installation with the administrator's file applied. A mistake in that file must not silence
 * an endpoint.
 */
export function loadSettings(layout: Layout, log: Log): Result<Installation, JsonFileRefusal> {
  const installed = readJsonFile(layout.enrolment, installation)
  if (!installed.ok) return refuse(installed.refusal)
  const settings = readJsonFile(layout.settings, machineSettings)
  if (settings.ok) return accept(applySettings(installed.value, settings.value))
  if (settings.refusal.code === 'unreadable') {
    log.error({ path: layout.settings, what: settings.refusal.what }, 'this file is not used')
  }
  return installed
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
