import { expect, it } from 'vitest'
import { Fault } from '../base/fault.ts'
import { startAdvice } from './start-advice.ts'

function adviceFor(code: string): string | null {
  return startAdvice(new Fault({ code, doing: 'starting', retry: 'never' }))
}

it('a start that a person can help names the variable that helps', () => {
  expect(adviceFor('cannot-listen')).toContain('DRYDOCK_LISTEN')
  expect(adviceFor('data-dir-in-use')).toContain('DRYDOCK_DATA_DIR')
  expect(adviceFor('database-unavailable')).toContain('DATABASE_URL')
  expect(adviceFor('disk-full')).toBeNull()
})
