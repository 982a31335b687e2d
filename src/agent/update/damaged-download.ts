/**
 * What came is not what was signed. Once that is a bad line, or a stranger who answers in the
 * server's place (the page of a captive portal comes with 200, too); so it is fetched again. How
 * often, says `failure.ts`.
 */
import { Fault } from '../../base/fault.ts'
import type { VerifyRefusal } from '../../trust/verify.ts'

export class DamagedDownload extends Fault {
  constructor(code: 'digest-mismatch' | 'wrong-manifest' | VerifyRefusal['code'], doing: string) {
    super({ code, doing, retry: 'later' })
  }
}
