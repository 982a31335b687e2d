import { describe, expect, it } from 'vitest'
import { VERIFICATIONS_MAX } from '../../../contract/public/limits.ts'
import { tamperWith } from '../../../store/testing/tamper.ts'
import { startAssembledServer } from '../../testing/assembled.ts'

describe('audits/verify', () => {
  it('proves the log of a server that was used, and that it was not cut', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.0.0.1')
    const whole = async (data: unknown) => (await server.call('audits/verify', data)).body.reply
    await expect.poll(async () => (await whole({})).entries).toBe(1)
    const found = await whole({})
    expect(found).toMatchObject({ valid: true, is_whole: true, unsealed: 0, broken: null })
    expect(found.head).toEqual(found.verified)
    expect(await whole({ head: found.head, from: found.verified })).toMatchObject({ valid: true })
    const { database } = server.assembled.needs
    await tamperWith(database, `update audit set subject = 'x' where sequence = 1`)
    expect(await whole({})).toMatchObject({
      valid: false,
      broken: { sequence: 1, problem: 'changed' },
      verified: { sequence: 0 },
    })
  })

  it('is done for so many at once', async () => {
    await using server = await startAssembledServer()
    const { verifications } = server.assembled.needs
    verifications.count = VERIFICATIONS_MAX
    const refused = await server.call('audits/verify')
    expect(refused).toMatchObject({
      status: 429,
      body: { reply: { reason: 'too-many-verifications' } },
    })
    verifications.count = 0
    expect((await server.call('audits/verify')).status).toBe(200)
    expect(verifications.count).toBe(0)
  })

  it.each([
    [{ head: { sequence: -1, hash: 'a'.repeat(64) } }],
    [{ head: { sequence: 1, hash: 'A'.repeat(64) } }],
    [{ from: { sequence: 1 } }],
    [{ limit: 1 }],
  ])('refuses %j', async (data) => {
    await using server = await startAssembledServer()
    expect((await server.call('audits/verify', data)).status).toBe(400)
  })
})
