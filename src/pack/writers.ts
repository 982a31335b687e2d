import type { Target } from '../base/platform.ts'
import { apkWriter } from './apk/apk.ts'
import { debWriter } from './deb/deb.ts'
import { msiUpgradeWriter, msiWriter } from './msi/msi.ts'
import { pkgWriter } from './pkg/pkg.ts'
import { qrWriter } from './qr/qr.ts'
import { rpmWriter } from './rpm/rpm.ts'
import { shWriter } from './sh/sh.ts'
import { upgradeShWriter } from './upgrade-sh/upgrade-sh.ts'
import { FORMATS, type Format, type PackageWriter } from './writer.ts'

/** Every format, and the writer that makes it. */
export const writers: Readonly<Record<Format, PackageWriter>> = {
  deb: debWriter,
  rpm: rpmWriter,
  sh: shWriter,
  msi: msiWriter,
  pkg: pkgWriter,
  apk: apkWriter,
  qr: qrWriter,
  'upgrade-sh': upgradeShWriter,
  'msi-upgrade': msiUpgradeWriter,
}

type Kind = PackageWriter['kind']

/** The formats that a build for `target` can be had in, in the order of `FORMATS`. */
export function formatsFor(target: Target, kind: Kind): readonly Format[] {
  return FORMATS.filter(
    (format) => writers[format].kind === kind && writers[format].supports(target),
  )
}
