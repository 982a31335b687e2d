import { createGunzip, gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { Quiet } from './quiet.ts'

it('promises and ticks have run on when it is quiet', async () => {
  const quiet = new Quiet()
  let depth = 0
  const deeper = async (): Promise<void> => {
    await Promise.resolve()
    depth += 1
    if (depth % 10 === 0) await new Promise((resolve) => process.nextTick(resolve))
    if (depth < 1000) await deeper()
  }
  void deeper()
  await quiet.settle()
  expect(depth).toBe(1000)
})

it('what is real is waited for, and what comes after it', async () => {
  const quiet = new Quiet()
  const done: string[] = []
  const unpack = createGunzip().end(gzipSync('bytes'))
  unpack.resume()
  const ended = new Promise((resolve) => unpack.once('end', resolve))
  void quiet.track(ended).then(async () => {
    done.push('first')
    await quiet.track(new Promise((resolve) => setImmediate(() => setImmediate(resolve))))
    done.push('second')
  })
  await quiet.settle()
  expect(done).toEqual(['first', 'second'])
})
