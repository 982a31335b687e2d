/**
 * The link by which phones get the app: a page for people, and the files that are behind it. Its
 * secret is derived from the distribution's enrolment token, so it is good for exactly as long: as
 * a device's setup may take place weeks after a code was printed, no shorter time would do. Whoever
 * has it can enrol, as with the package itself; the token cannot be told from it.
 */
import { createHmac } from 'node:crypto'

export type Enrolling = { readonly distributionId: string; readonly token: string }

/** Names of the files behind the link. */
export const LINKED_FILES = {
  apk: 'agent.apk',
  code: 'code.png',
  provisioning: 'provisioning.json',
} as const

/** A path, to be put behind the server's public URL; a file's name may follow. */
export function enrolmentPath(enrolling: Enrolling): string {
  return `/enrol/${enrolling.distributionId}/${linkSecret(enrolling)}`
}

export function linkSecret({ distributionId, token }: Enrolling): string {
  const mac = createHmac('sha256', token)
  return mac.update(`drydock enrolment link v1:${distributionId}`).digest('base64url')
}
