import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import type { verifyAuditsReply } from '../../contract/public/audits.ts'
import { startTestCli } from '../testing/terminal.ts'

type Reply = z.infer<typeof verifyAuditsReply>

const hash = 'a'.repeat(64)
const WHOLE: Reply = {
  valid: true,
  is_whole: true,
  verified: { sequence: 7, hash },
  head: { sequence: 7, hash },
  entries: 7,
  unsealed: 1,
  broken: null,
}

async function verified(replies: readonly Reply[], ...words: readonly string[]) {
  const asked: unknown[] = []
  const answer = (order: unknown) => replies[asked.push(order) - 1] ?? WHOLE
  await using cli = await startTestCli({ 'audits/verify': answer })
  return { ...(await cli.run('audit', 'verify', ...words)), asked }
}

describe('audit verify', () => {
  it('says that it holds, and the head to keep', async () => {
    const told = await verified([WHOLE])
    expect(told.code).toBe(0)
    expect(told.stdout).toBe(`The audit log holds: 7 entries.\nhead: 7:${hash}\n`)
    expect(told.asked).toEqual([{ head: null }])
  })

  it('goes on until all of it was looked at, with the head that was kept', async () => {
    const part = { ...WHOLE, is_whole: false, verified: { sequence: 3, hash } }
    const head = { sequence: 5, hash }
    const told = await verified([part, WHOLE], '--head', `5:${hash}`, '--json')
    expect(told.asked).toEqual([{ head }, { head, from: { sequence: 3, hash } }])
    expect(JSON.parse(told.stdout)).toEqual({
      valid: true,
      entries: 7,
      unsealed: 1,
      head: `7:${hash}`,
      broken: null,
    })
  })

  it('says where it is broken, and fails', async () => {
    const broken = { sequence: 4, problem: 'missing' } as const
    const verifiedTo = { sequence: 3, hash }
    const told = await verified([{ ...WHOLE, valid: false, verified: verifiedTo, broken }])
    expect(told.code).toBe(1)
    expect(told.stdout).toContain('broken at entry 4: it is missing')
    expect(told.stdout).toContain('It holds up to entry 3.')
  })

  it.each(['7', `x:${hash}`, `7:${hash}0`, '7:abc'])('refuses --head %s', async (head) => {
    const told = await verified([], '--head', head)
    expect(told.code).toBe(2)
    expect(told.asked).toEqual([])
  })
})
