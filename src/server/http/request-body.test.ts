import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { SocketBody } from './request-body.ts'

it('does not wait for a client that was gone before it was listened to', async () => {
  const raw = new IncomingMessage(new Socket())
  const body = new SocketBody(raw, new ManualClock(0))
  const closed = new Promise((resolve) => raw.once('close', resolve))
  raw.destroy()
  await closed
  await expect(body.read(100)).rejects.toMatchObject({ code: 'client-gone' })
})
