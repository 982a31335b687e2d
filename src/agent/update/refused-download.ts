/**
 * The server's "no" to a download. What it does not have will not come by asking again; while it is
 * busy it says itself when to.
 */
import { Fault } from '../../base/fault.ts'
import { retryAfterMs } from '../pace.ts'

export class RefusedDownload extends Fault {
  /** Null: the server did not say. */
  readonly retryAfterMs: number | null

  constructor(doing: string, response: Response) {
    const { status, headers } = response
    const retry = status === 404 || status === 410 ? 'never' : 'later'
    super({ code: 'download-failed', doing: `${doing} (status ${status})`, retry })
    this.retryAfterMs = retryAfterMs(headers.get('retry-after'))
  }
}
