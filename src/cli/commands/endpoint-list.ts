import { accept } from '../../base/result.ts'
import type { EndpointObject } from '../../contract/public/endpoint-lists.ts'
import { defineApiCommand } from '../command.ts'
import { findEndpoints, platformText, where } from '../find-endpoints.ts'
import { flawOfWholeNumber, wholeNumberOr } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted, durationText } from '../print.ts'
import { tableLines } from '../table.ts'
import { upgradeText } from '../upgrade-lines.ts'

const LIMIT_DEFAULT = 1000

export const endpointList = defineApiCommand({
  name: 'endpoint list',
  summary: 'List endpoints with their agents',
  options: {
    status: { kind: 'list', value: 'STATUS', help: 'connected, disconnected or lost' },
    platform: { kind: 'list', value: 'NAME', help: 'linux, windows, macos or android' },
    hostname: { kind: 'list', value: 'NAME', help: 'only those of this name' },
    limit: { kind: 'text', value: 'N', help: `at most so many (default: ${LIMIT_DEFAULT})` },
  },
  async run({ io, client }, values) {
    const flaw = flawOfWholeNumber('--limit', values.limit, { least: 1, most: 1_000_000 })
    if (flaw !== null) return refuseUsage(flaw)
    const wanted = [
      ['endpoint_status', values.status.map((status) => status.toLowerCase())],
      ['platform', values.platform.map((name) => name.toLowerCase())],
      ['hostname', values.hostname],
    ] as const
    const filters = wanted.flatMap(([field, each]) => (each.length > 0 ? [where(field, each)] : []))
    const limit = wholeNumberOr(values.limit, LIMIT_DEFAULT)
    const { endpoints, total } = await findEndpoints(client, filters, limit)
    if (endpoints.length < total) {
      const shown = `${endpoints.length} of ${counted(total, 'endpoint')}`
      io.stderr.write(`Showing ${shown}; --limit N shows more.\n`)
    }
    const now = io.clock.now()
    const lines = tableLines(
      [
        { title: 'ID', cell: ({ endpoint_id: id }) => id },
        { title: 'NAME', cell: nameText, least: 12 },
        { title: 'STATUS', cell: (endpoint) => endpoint.endpoint_status.toLowerCase() },
        { title: 'VERSION', cell: (endpoint) => endpoint.endpoint_version ?? '-' },
        { title: 'SYSTEM', cell: systemText, least: 10, spare: 2 },
        {
          title: 'SEEN',
          cell: ({ last_seen: seen }) => `${durationText(now - seen)} ago`,
          spare: 3,
        },
        { title: 'UPGRADE', cell: lastUpgradeText, least: 10, spare: 1 },
      ],
      endpoints,
      io.stdout,
    )
    const json = { total_count: total, endpoints }
    // To stderr: a script that reads the lines gets none.
    if (endpoints.length === 0) io.stderr.write('No endpoints.\n')
    return accept({ exitCode: EXIT.done, lines: endpoints.length === 0 ? [] : lines, json })
  },
})

function nameText({ endpoint_name: name, alias = '' }: EndpointObject): string {
  return alias === '' ? name : `${alias} (${name})`
}

function systemText(endpoint: EndpointObject): string {
  return endpoint.operating_system === ''
    ? platformText(endpoint.os_type)
    : endpoint.operating_system
}

function lastUpgradeText({ last_upgrade: upgrade }: EndpointObject): string {
  return upgrade === null ? '' : upgradeText(upgrade)
}
