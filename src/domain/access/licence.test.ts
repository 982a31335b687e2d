import { describe, expect, it } from 'vitest'
import { covers, licenceText, parseLicence } from './licence.ts'

describe('a licence', () => {
  it.each([
    ['everything', true, true],
    ['xdr-prevent', true, false],
    ['xdr-pro-per-endpoint', true, false],
    ['xdr-pro-per-endpoint+cloud-runtime-security', true, false],
    ['xsiam', false, false],
    ['xsiam+cloud-runtime-security', false, true],
    ['xsiam+cloud-posture-security', false, true],
    ['xsiam-premium', false, true],
    ['xdr-prevent+xsiam', true, false],
    ['xdr-prevent+xsiam-premium', true, true],
    ['xdr-pro-per-endpoint+xsiam+cloud-posture-security', true, true],
  ])('%s covers distributions: %s, upgrades: %s', (text, distributions, upgrades) => {
    const parsed = parseLicence(text)
    if (!parsed.ok) throw new Error(text)
    expect(covers(parsed.value, 'distributions')).toBe(distributions)
    expect(covers(parsed.value, 'upgrades')).toBe(upgrades)
    expect(licenceText(parsed.value)).toBe(text)
  })

  it.each([
    '',
    'all',
    'xdr',
    'everything+xsiam',
    'xsiam+',
    'xsiam+xsoar',
    'xsiam+xsiam',
    'cloud-posture-security',
  ])('there is none called "%s"', (text) => expect(parseLicence(text).ok).toBe(false))
})
