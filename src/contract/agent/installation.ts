/**
 * `enrolment.json`, which a package puts beside the launcher (mode 0600), and `agent.json`, the
 * operator's own file in the configuration folder. The first belongs to the distribution, the
 * second to the machine's administrator; what the second says wins.
 */
import * as z from 'zod'
import { hexId, sha256Hex } from '../schema.ts'

/** `host:port`, as the public API's `proxy` list spells it. */
export const proxyAddress = z
  .string()
  .max(300)
  .regex(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/,
    'a proxy as host:port',
  )
export const tagName = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^[^,"\\\p{Cc}]+$/u, 'a tag without comma, quote, backslash or control character')

/** Read loosely: a newer package puts its file beside agents of earlier versions. */
export const installation = z.object({
  schema: z.literal(1),
  server_url: z.url({ protocol: /^https?$/ }).max(500),
  distribution_id: hexId,
  token: z.string().min(1).max(256),
  proxy: z.array(proxyAddress).max(5),
  endpoint_tags: z.array(tagName).max(100),
  /**
   * Who may sign releases: Ed25519 public keys (SPKI, base64); the key id is the SHA-256 of the
   * DER.
   */
  trusted_keys: z

    .array(z.object({ key_id: sha256Hex, public_key: z.base64().max(200) }))
    .min(1)
    .max(16),
})
export type Installation = z.infer<typeof installation>

export const machineSettings = z.strictObject({
  /** Replaces the distribution's list when present. */
  proxy: z.array(proxyAddress).max(5).optional(),
  /** Added to the distribution's tags. */
  endpoint_tags: z.array(tagName).max(100).optional(),
})
export type MachineSettings = z.infer<typeof machineSettings>
