import { describe, expect, it } from 'vitest'
import { ManualClock } from '../base/clock-manual.ts'
import { Fault } from '../base/fault.ts'
import { endOnFault } from './end-on-fault.ts'
import { lineLog } from './stderr-log.ts'

class Ended extends Error {}

describe('what nobody caught', () => {
  it.each(['uncaughtException', 'unhandledRejection'])(
    '%s ends the process, and says why',
    (event) => {
      const hears = new Map<string, (error: unknown) => void>()
      const codes: number[] = []
      const lines: string[] = []
      const self = {
        on: (name: string, hear: (error: unknown) => void) => hears.set(name, hear),
        exit: (code: number): never => {
          codes.push(code)
          throw new Ended()
        },
      }
      endOnFault(
        self,
        lineLog('agent', new ManualClock(0), (line) => lines.push(line)),
      )
      const cause = new Error('no such cluster')
      const fault = new Fault({ code: 'not-read', doing: 'looking', retry: 'later', cause })
      expect(() => hears.get(event)?.(fault)).toThrow(Ended)
      expect(codes).toEqual([1])
      expect(JSON.parse(lines.join(''))).toMatchObject({
        level: 'error',
        chain: ['not-read: looking', 'no such cluster'],
      })
    },
  )
})
