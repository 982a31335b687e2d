import { PLATFORMS } from '../../base/platform.ts'
import { accept } from '../../base/result.ts'
import type { Client } from '../../client/client.ts'
import { type DistributionObject, LISTED_STATUSES } from '../../contract/public/distributions.ts'
import type { ListFilter } from '../../contract/public/list.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfChoice, flawOfWholeNumber, wholeNumberOr } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted, timeText } from '../print.ts'
import { tableLines } from '../table.ts'

const LIMIT_DEFAULT = 1000
const PAGE_SIZE = 100

export const distributionList = defineApiCommand({
  name: 'distribution list',
  summary: 'List distributions, the newest first',
  options: {
    name: { kind: 'text', value: 'TEXT', help: 'only those whose name contains this' },
    platform: { kind: 'text', value: 'NAME', help: 'only those for this platform' },
    status: { kind: 'text', value: 'STATUS', help: 'completed, in_progress or failed' },
    limit: { kind: 'text', value: 'N', help: `at most so many (default: ${LIMIT_DEFAULT})` },
  },
  async run({ io, client }, values) {
    const flaw =
      flawOfChoice('--platform', values.platform, PLATFORMS) ??
      flawOfChoice('--status', values.status, LISTED_STATUSES) ??
      flawOfWholeNumber('--limit', values.limit, { least: 1, most: 1_000_000 })
    if (flaw !== null) return refuseUsage(flaw)
    const filters = [
      ...filterOf('name', 'contains', values.name),
      ...filterOf('platform', 'eq', values.platform),
      ...filterOf('status', 'eq', values.status),
    ]
    const limit = wholeNumberOr(values.limit, LIMIT_DEFAULT)
    const { rows, count } = await findDistributions(client, filters, limit)
    if (rows.length < count) {
      const shown = `${rows.length} of ${counted(count, 'distribution')}`
      io.stderr.write(`Showing ${shown}; --limit N shows more.\n`)
    }
    if (rows.length === 0) io.stderr.write('No distributions.\n')
    const lines = tableLines(
      [
        { title: 'ID', cell: (row) => row.distribution_id },
        { title: 'NAME', cell: (row) => row.name, least: 12 },
        { title: 'STATUS', cell: (row) => row.status },
        { title: 'VERSION', cell: (row) => row.agent_version },
        { title: 'PACKAGES', cell: (row) => row.supported_packages.join(' '), least: 8, spare: 2 },
        { title: 'ENDPOINTS', cell: enrolmentsText },
        { title: 'ENROL UNTIL', cell: (row) => timeText(row.enrol_until), spare: 1 },
      ],
      rows,
      io.stdout,
    )
    const json = { filter_count: count, data: rows }
    return accept({ exitCode: EXIT.done, lines: rows.length === 0 ? [] : lines, json })
  },
})

function filterOf(
  field: string,
  operator: ListFilter['operator'],
  value: string | undefined,
): readonly ListFilter[] {
  return value === undefined ? [] : [{ field, operator, value }]
}

/** Page by page; what is ordered meanwhile moves rows on, and none is shown twice. */
async function findDistributions(client: Client, filters: readonly ListFilter[], limit: number) {
  const found = new Map<string, DistributionObject>()
  let count = 0
  for (let from = 0; found.size < limit; from += PAGE_SIZE) {
    const page = { search_from: from, search_to: from + PAGE_SIZE }
    const reply = await client.distributions.getDistributions({ filters: [...filters], ...page })
    count = reply.filter_count
    for (const row of reply.data) found.set(row.distribution_id, row)
    if (reply.data.length === 0 || from + PAGE_SIZE >= count) break
  }
  return { rows: [...found.values()].slice(0, limit), count }
}

function enrolmentsText({ enrolments, enrolments_max: most }: DistributionObject): string {
  return most === null ? String(enrolments) : `${enrolments} of ${most}`
}
