/**
 * What nobody caught ends the process. The runtime would print an error that a timer or a forgotten
 * promise threw, and go on with what is left: a version that is half dead, alive enough for its
 * launcher to pass its probation. Ended, it is counted there, and started again or taken back; the
 * launcher itself is started again by the service manager.
 */
import { causeChain } from '../base/fault.ts'
import type { Log } from '../base/log.ts'

export type EndingProcess = {
  on(event: 'uncaughtException' | 'unhandledRejection', hear: (error: unknown) => void): unknown
  exit(code: number): never
}

export function endOnFault(self: EndingProcess, log: Log): void {
  const end = (error: unknown) => {
    log.error({ chain: causeChain(error) }, 'ended by what nobody caught')
    self.exit(1)
  }
  self.on('uncaughtException', end)
  self.on('unhandledRejection', end)
}
