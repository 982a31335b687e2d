import { createHmac } from 'node:crypto'
import type { ChainHead } from '../domain/audit/chain.ts'
import type { MacOfHead } from '../store/audit-chain.ts'
import type { InstanceSecret } from '../store/secret.ts'

/** Under a key that no database holds: whoever has only that writes no chain of ours. */
export function macOfHead(secret: Pick<InstanceSecret, 'keyFor'>): MacOfHead {
  const key = secret.keyFor('audit-sealing')
  return ({ sequence, hash }: ChainHead) =>
    createHmac('sha256', key).update(`drydock-audit-head-1\n${sequence}\n${hash}`).digest('hex')
}
