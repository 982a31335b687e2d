/** The rows of `error-reply.ts` on upgrade policies. */
import type { FieldError } from '../../contract/schema.ts'
import type {
  SetUpgradePolicyRefusal,
  UpgradePolicyUnknown,
} from '../../domain/upgrade-policy/set-upgrade-policy.ts'

export type PolicyRefusal = SetUpgradePolicyRefusal | UpgradePolicyUnknown

type Row = {
  readonly status: number
  readonly message: string
  readonly extra: string | readonly FieldError[]
}

type ByCode = {
  readonly [Code in PolicyRefusal['code']]: Extract<PolicyRefusal, { readonly code: Code }>
}

export const POLICY_REFUSED: { readonly [Code in keyof ByCode]: (refusal: ByCode[Code]) => Row } = {
  'upgrade-policy-unknown': ({ name }) => {
    return { status: 404, message: 'Not found', extra: `there is no upgrade policy ${name}` }
  },
  'upgrade-policy-exists': ({ name }) => {
    const extra = `there is an upgrade policy ${name}: take another name, or change that one`
    return { status: 409, message: 'The name is taken', extra }
  },
  'upgrade-policy-without-version': ({ name }) => {
    const msg = `${name} is new: say which version it wants`
    const loc = ['request_data', 'version']
    return {
      status: 400,
      message: `${loc.join('.')}: ${msg}`,
      extra: [{ type: 'missing', loc, msg }],
    }
  },
}
