/** `trust/*`: what people need to check what this server makes. Ours. */
import * as z from 'zod'
import { publicCall } from './call.ts'

export const getPackageKey = z.strictObject({
  /** Which packages: so far only rpm packages are signed. */
  format: z.enum(['rpm']),
})
export const packageKeyReply = z.object({
  /** The OpenPGP fingerprint (version 4), in capitals as gpg and rpm show it. */
  fingerprint: z.string(),
  /** In ASCII armour, as `rpm --import` and a repository's `gpgkey` take it. */
  public_key: z.string(),
  /** Milliseconds UTC. */
  created_at: z.int(),
})

export const getPackageKeyCall = publicCall({
  path: 'trust/get_package_key',
  summary: 'Gives the public half of the key that packages of a format are signed with.',
  origin: 'ours',
  request: getPackageKey,
  reply: packageKeyReply,
  isRepeatable: true,
  examples: [
    {
      name: 'rpm',
      request: { format: 'rpm' },
      reply: {
        fingerprint: 'C0FFEE00C0FFEE00C0FFEE00C0FFEE00C0FFEE00',
        public_key:
          '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n...\n-----END PGP PUBLIC KEY BLOCK-----\n',
        created_at: 1_704_067_200_000,
      },
    },
  ],
})
