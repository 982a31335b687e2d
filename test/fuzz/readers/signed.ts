/** A release that is signed by the same key each time, so that a seed draws the same again. */
import { makeRelease } from '../../../src/agent/testing/release.ts'
import { utf8 } from '../../../src/base/bytes.ts'
import { newSigningKey } from '../../../src/trust/keys.ts'

/** For this alone: nobody trusts it. */
export const SIGNING_KEY = newSigningKey({
  bytes: (length) => new Uint8Array(length).fill(7),
  fraction: () => 0,
})

export const TRUSTED_KEYS = [{ key_id: SIGNING_KEY.keyId, public_key: SIGNING_KEY.publicKey }]

export const RELEASE = makeRelease({
  version: '1.0.0.2',
  agent: utf8('agent'),
  payload: { run: ['run'] },
  payloadFiles: { run: '#!/bin/sh', 'data/a': 'x' },
  key: SIGNING_KEY,
})
