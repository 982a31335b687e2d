import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { silentLog } from '../../base/log.ts'
import { layoutOf } from '../layout.ts'
import { awaitLock } from './await-lock.ts'
import { notePodState, type PodState, readinessOf, readPodState } from './readiness.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drydock-ready-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const RUNNING = { running: true, version: '1.0.0.2', on_probation: false }
const HOLDING: PodState = { launcher: 'holding' }

it.each([
  ['nothing was begun', null, RUNNING, false],
  ['it waits for the pod before it', { launcher: 'waiting' } as const, RUNNING, true],
  ['its agent runs the version of the image', HOLDING, RUNNING, true],
  ['its agent does not run', HOLDING, { ...RUNNING, running: false }, false],
  ['the launcher went back', HOLDING, { ...RUNNING, version: '1.0.0.1' }, false],
  ['it is on probation', HOLDING, { ...RUNNING, on_probation: true }, false],
])('a pod of which %s', (_, pod, status, isReady) => {
  const seen = { pod, imageVersion: '1.0.0.2', status }
  expect(readinessOf(seen).isReady).toBe(isReady)
})

it('a pod whose image cannot be used is not ready, whatever runs', () => {
  expect(readinessOf({ pod: HOLDING, imageVersion: null, status: RUNNING }).isReady).toBe(false)
})

it('what the launcher notes is what is read', () => {
  const layout = layoutOf(root, root)
  expect(readPodState(layout)).toBeNull()
  notePodState(layout, { launcher: 'waiting' })
  notePodState(layout, HOLDING)
  expect(readPodState(layout)).toEqual(HOLDING)
})

describe('the launcher of a pod', () => {
  const clock = new ManualClock(0)
  const needs = (takeLock: () => Promise<boolean>, isStopping = () => false) => {
    const layout = layoutOf(root, root)
    return { layout, trustedKeys: [], clock, log: silentLog, takeLock, isStopping }
  }

  it('takes its turn when the one before has ended', async () => {
    let tries = 0
    const waiting = awaitLock(
      needs(async () => {
        tries += 1
        return tries > 3
      }),
    )
    const moving = (async () => {
      while (tries <= 3) {
        await new Promise((resolve) => setImmediate(resolve))
        clock.advance(1000)
      }
    })()
    expect(await waiting).toBe(true)
    await moving
    expect(readPodState(layoutOf(root, root))).toEqual(HOLDING)
  })

  it('takes its turn also where it can say nothing', async () => {
    writeFileSync(join(root, 'dev'), 'no folder')
    expect(await awaitLock(needs(async () => true))).toBe(true)
    expect(readPodState(layoutOf(root, root))).toBeNull()
  })

  it('never says that it waits when its image cannot be used: the one before must stay', async () => {
    let tries = 0
    const isStopping = () => tries > 2
    const waiting = awaitLock(
      needs(async () => {
        tries += 1
        return false
      }, isStopping),
    )
    while (tries <= 2) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(1000)
    }
    clock.advance(1000)
    expect(await waiting).toBe(false)
    expect(readPodState(layoutOf(root, root))).toBeNull()
  })
})
