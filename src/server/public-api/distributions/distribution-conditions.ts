import { PLATFORMS } from '../../../base/platform.ts'
import type { FilterOperator } from '../../../contract/public/list.ts'
import {
  DISTRIBUTION_KINDS,
  type DistributionState,
} from '../../../domain/distribution/distribution.ts'
import type { DistributionCondition } from '../../../store/distribution-list.ts'
import type { FilterRules, ReadFilter } from '../lists/filters.ts'
import { KIND_NAMES } from './distribution-object.ts'

const TEXT = { kind: 'text', operators: ['eq', 'neq', 'contains', 'not_contains', 'in'] } as const
const CHOICE = { kind: 'choice', operators: ['eq', 'neq', 'in'] } as const

const STATES: Readonly<Record<string, readonly DistributionState[]>> = {
  completed: ['ready'],
  in_progress: ['requested', 'building'],
  failed: ['failed'],
}

/** The documented filters; what they may not contain is a choice, which has no parts. */
export const DISTRIBUTION_FILTERS = {
  distribution_id: TEXT,
  name: TEXT,
  description: TEXT,
  agent_version: TEXT,
  // Documented values that nothing here has are taken, and match nothing.
  package_type: { ...CHOICE, values: [...Object.values(KIND_NAMES), 'serverless'] },
  platform: { ...CHOICE, values: [...PLATFORMS, 'ios', 'serverless'] },
  status: { ...CHOICE, values: Object.keys(STATES) },
} as const satisfies FilterRules

const COLUMNS = {
  distribution_id: 'id',
  name: 'name',
  description: 'description',
  agent_version: 'version',
  package_type: 'kind',
  platform: 'platform',
} as const

export function toCondition(
  filter: ReadFilter<keyof typeof DISTRIBUTION_FILTERS>,
): DistributionCondition {
  const { field, operator, texts } = filter
  if (field === 'status') {
    const kind = operator === 'neq' ? 'not-in-state' : 'in-state'
    return { kind, states: texts.flatMap((text) => STATES[text] ?? []) }
  }
  const values = field === 'package_type' ? texts.flatMap(kindsNamed) : texts
  return { kind: conditionOf(operator), column: COLUMNS[field], values }
}

function kindsNamed(name: string): readonly string[] {
  return DISTRIBUTION_KINDS.filter((kind) => KIND_NAMES[kind] === name)
}

function conditionOf(operator: FilterOperator) {
  if (operator === 'neq') return 'is-not'
  if (operator === 'contains') return 'contains'
  return operator === 'not_contains' ? 'contains-not' : 'is'
}
