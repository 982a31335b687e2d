/**
 * What a device is told that is set up by a code: where its owner's app is, whose it is, and what
 * the app is to know (DevicePolicyManager, "EXTRA_PROVISIONING_..."; the same for zero-touch and
 * Knox). Wi-Fi is left to the person who holds the device: a password in a code would be
 * everybody's.
 */
import { createHash } from 'node:crypto'
import { fromUtf8 } from '../../base/bytes.ts'
import { ANDROID_PACKAGE } from '../apk/apk.ts'
import { enrolmentPath, LINKED_FILES } from '../enrolment-link.ts'

const EXTRA = 'android.app.extra.PROVISIONING_'
/** The app's device-admin receiver, as `android/AndroidManifest.xml` names it. */
const COMPONENT = `${ANDROID_PACKAGE}/${ANDROID_PACKAGE}.Admin`

/** Of enrolment.json: what the code needs. */
export type EnrolmentWords = {
  readonly server_url: string
  readonly distribution_id: string
  readonly token: string
}

/** Null: it is no enrolment.json. */
export function readEnrolment(bytes: Uint8Array): EnrolmentWords | null {
  let read: unknown
  try {
    read = JSON.parse(fromUtf8(bytes))
  } catch {
    // Best effort: what is no JSON is no enrolment, and the writer says so.
    return null
  }
  if (typeof read !== 'object' || read === null) return null
  const { server_url, distribution_id, token } = read as Partial<Record<string, unknown>>
  const areTexts =
    typeof server_url === 'string' &&
    typeof distribution_id === 'string' &&
    typeof token === 'string'
  return areTexts ? { server_url, distribution_id, token } : null
}

/** ASCII in any case, on one line: each character makes the code larger. */
export function provisioningText(enrolment: EnrolmentWords, certificate: Uint8Array): string {
  const { server_url, distribution_id, token } = enrolment
  const path = enrolmentPath({ distributionId: distribution_id, token })
  const checksum = createHash('sha256').update(certificate).digest('base64url')
  const text = JSON.stringify({
    [`${EXTRA}DEVICE_ADMIN_COMPONENT_NAME`]: COMPONENT,
    [`${EXTRA}DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION`]: `${server_url}${path}/${LINKED_FILES.apk}`,
    [`${EXTRA}DEVICE_ADMIN_SIGNATURE_CHECKSUM`]: checksum,
    [`${EXTRA}LEAVE_ALL_SYSTEM_APPS_ENABLED`]: true,
    [`${EXTRA}ADMIN_EXTRAS_BUNDLE`]: { server_url, distribution_id, token },
  })
  return text.replace(/[^\x20-\x7e]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
