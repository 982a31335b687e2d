/** The rows of `error-reply.ts` on rollouts. */
import type { SteerRefusal } from '../../domain/rollout/steer-rollout.ts'
import type { TryAgainRefusal } from '../../domain/rollout/try-again.ts'

type Refusal = SteerRefusal | TryAgainRefusal

type Row = { readonly status: number; readonly message: string; readonly extra: string }

type ByCode = {
  readonly [Code in Refusal['code']]: Extract<Refusal, { readonly code: Code }>
}

export const ROLLOUT_REFUSED: { readonly [Code in keyof ByCode]: (refusal: ByCode[Code]) => Row } =
  {
    'rollout-over': ({ actionId, state }) => {
      return conflict('The rollout is over', `action ${actionId} is ${state}: order a new one`)
    },
    'last-wave': ({ actionId }) => {
      return conflict('There is no further wave', `action ${actionId} is at its last wave`)
    },
    'nothing-to-retry': ({ actionId }) => {
      const what = 'failed, was rolled back, was given up or expired'
      return conflict('There is nothing to retry', `nothing ${what} in action ${actionId}`)
    },
    'nothing-to-revert': ({ actionId, movedOn }) => {
      const others = movedOn === 0 ? '' : ` (${movedOn} that succeeded run another version now)`
      const extra = `nothing has the version that action ${actionId} brought it to${others}`
      return conflict('There is nothing to take back', extra)
    },
  }

function conflict(message: string, extra: string): Row {
  return { status: 409, message, extra }
}
