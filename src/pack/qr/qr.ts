/**
 * The code that sets up an Android device of which this app is to be the owner: a QR code as PNG,
 * scanned by a device that was reset (six taps on its first screen). The same text as JSON is in
 * the picture (tEXt, `provisioning`), for consoles of zero-touch and the like.
 */
import { encode } from 'uqr'
import { apkWriter } from '../apk/apk.ts'
import { checkPackageSpec, refusePackage } from '../check-spec.ts'
import type { PackageSpec } from '../package-spec.ts'
import type { PackageWriter, Segment, WriterNeeds } from '../writer.ts'
import { pngBytes, textIn } from './_png.ts'
import { provisioningText, readEnrolment } from './_provisioning.ts'

/** ISO/IEC 18004, table 7: bytes in the largest code (version 40) at level M. */
const TEXT_BYTES_MAX = 2331
/** ISO/IEC 18004, 6.3.8: white modules around. */
const QUIET_MODULES = 4
/** A phone reads a screen at arm's length. */
const PIXELS_OF_MODULE = 6
const KEYWORD = 'provisioning'

export const qrWriter: PackageWriter = {
  format: 'qr',
  kind: 'standalone',
  takesAllTargets: true,
  mediaType: 'image/png',
  supports: apkWriter.supports,
  fileName: (spec) => `${spec.name}-${spec.version}-android-code.png`,
  partsAhead: () => [],
  write: writeQr,
}

async function writeQr(spec: PackageSpec, needs: WriterNeeds): Promise<readonly Segment[]> {
  checkPackageSpec(qrWriter, spec)
  const enrolment = readEnrolment(spec.enrolment)
  if (enrolment === null) return refusePackage(qrWriter, spec, 'the enrolment is none')
  const { certificate } = await needs.androidKey()
  const text = provisioningText(enrolment, certificate)
  if (text.length > TEXT_BYTES_MAX) {
    return refusePackage(qrWriter, spec, `more than ${TEXT_BYTES_MAX} bytes for one code`)
  }
  return [{ kind: 'bytes', bytes: codePicture(text) }]
}

function codePicture(text: string): Uint8Array {
  const { data: modules } = encode(text, { ecc: 'M', border: QUIET_MODULES })
  return pngBytes({ modules, scale: PIXELS_OF_MODULE, text: { keyword: KEYWORD, value: text } })
}

/** What the code says, of a package of this format; null: it is none. */
export function provisioningIn(segments: readonly Segment[]): string | null {
  const [only, ...others] = segments
  if (only?.kind !== 'bytes' || others.length > 0) return null
  return textIn(only.bytes, KEYWORD)
}
