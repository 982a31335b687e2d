/** A key of nobody's for tests of Android packages; making one takes a second. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { AndroidKey } from '../writer.ts'

const PRIVATE = [
  'MIIG/QIBADANBgkqhkiG9w0BAQEFAASCBucwggbjAgEAAoIBgQCbEpPfvRmJKmZBfxduqwyNNw/c/ui56uxECGKj70nU',
  'RttMJs7HT7L+cENf2EHWexZ+pYDJ+wJgjp1Dyo8MACBR1fojskRvCds4QxPGJCXEPht52uF++UBq8TzAbeBuAikjkNXQ',
  '6U1mL+BTHOGylz2Yz+UHjvrqW5HrgViL+SxjNOAsmkTApHev0yc3QRfzWk3lTTUl2Metnc8cAS6MkYKS+q/XziBge+fX',
  'mxJsVkRmuPC6WNdWHiwacCQbw0zB3merI3uSXu29JqvScF11DDFnv9iDJ0rHHwbRgV0SyKWCT/2YdjfiAtxm9aguDbYV',
  '6V2eEAS4+0AlrdWgnrslOgsfcdSB3wpiI/EdaAuQWiBMTB2MAe5gJzRLZLdWvLROgbGROavqRpw0YYBTAkydW/Ye423U',
  'vS2gIZSLYfujG+S25EbMtEqDzAe/HSOUM916RFtgjBC9pbDQUhxyTdGdB6K2bFnt/Ed9rd/SuIIptNHWT8j3e5KMcloq',
  'XS7IvwpyChMCAwEAAQKCAYA6R8CgoWqz9OXqbq/pTUrR1eRV282udf6m0Pn1f6yhJaIsnBcxrB/q5VlE77tKtwbswRnG',
  'j1pE3MR5ImshiPicmQ1CFjEHBE7J9de8K4CwIOFlqh/+fwG5T4HUFld3MMOyVLAvLEeFBLBLvDqMyq+BO3zpmtBtfM26',
  'E2oqbRLEFC6+RJpbRlSfFX4TE5lDQeitqZc0aqUc+IbKkR0kAlnvEF0+/36GlHq9OtAxPDjH3HDIsDP57ywHIadIcd1q',
  'rUF2HqDi0sl+38zdSPn9MH5mUGhnUMuXI4QDC3xL+C2xAHWWDSm7nS/dm4RUTf4ka6/ECKqxvpj+hi8L0kfeVNbbZxrg',
  'YY/73ahJks9pJEY17IsX1Iwm7j6IokmQPJjMCsJQMICK+iyP983U373HOTmBDN9cv5stIRUryXlDGu90zgw3fvGdyx3C',
  'SMAAEAtPG8XIVH03f4vr88UcSndB6FpJyX7kTVVpngyfvhZ161+cGL2z/L57McP8bm9VQzojnVECgcEAzuczLgbVLbnl',
  'f5ew6nRFN2TWasqAp4XT5G1w3gf8FrtSM5Pp+Wkn20q4X9heCW0xiSWDaSO8RZpVgY6CGcB1aW8FmAdma9ZAQCyny3Ht',
  '82oHVxymC5TnWS8R9uLtDDYR17LBDfY+LjkM4i20xAIOTVswVp6kXK15SGm1Msa8MNBCwpiBn9e62Ex0KY/kB7BQLRBU',
  'Xtp9I6Ffp3v7Nsbue2TyXdSqZtcu73th6zSM6X/o72AyXsPmsEGJ/CRlc72RAoHBAL/e0BttB9Mph9y+z9Nz8GEn0T4q',
  'zBaoqGo3jbvWtHon/jCEs59zclHQGDZpVAMCAkVl1AZ0Ziyc6Je9gimqjr1Swh0lWDWAGoClBoH7CAxeLmDX9UZymF+2',
  'n6BiDHlMP8F65RD94hQk3gKFsDzusr2ZOBYy8zVYwfyqd9AXmfkIFBeLul+QLEWa2Ti9hJ8pLtL8ddWJwQsaoIK2kcA6',
  'qc3omJOJF9fyfyALX/JRS4PRNnkXX94Frs6RPVV7caKLYwKBwBIHpbcaE1OjwnMG9fzIWwvDtsehk+qFR/y86LwAeCBG',
  '/JfQCPCaEEYU0dJQWYl6wXlREo2D9rEeDNt4Xq/9zH1+lj80TeGRzxGIkqqw5+pxT+hwb6vMswhbiLY5+iw5Pf7M7fPY',
  'hHykrhG7p+f4weRN0P2LX4lP+KStyYN+PAII8/hfL9SNCRQ2PV0t09IztBjpNmD5qzQCqQJAVJjmZvvLxS8WDC9gCxAF',
  'cXf8oVbrtZG+kUUezyiG3Y5iYZDfcQKBwQCRAdoSADLbuhV+FY+H5aWUJ72R2FJqBYlSzS2G+ttnPvZywLfoGB4cCsNh',
  'y/S8WTZSMIUvY6UcrnFyzLyktMwv9W3TDTg/JtPgydfDQG9yuXMfqdcrKMxT+fdmBPQccC33EeQxFU9ZngtTqKnrQxM/',
  'C59B17vLY4soY8UtNckeVqaorOdr9dAfwsnMgh7LExraRgbgHb4RoEwSvdwlhbBzeAhn6EJm6FR/aVlYD2yc8O7UUYAY',
  'kf7tCwNpqWPWTrUCgcACRxjDyQk+6ep/YtBaJ7vGFc2QfTwxCD5YuqzvuJ/9oJTYhmng5C1rRcjHD2BCVH9fvLrn6WDE',
  '0KwwSAGViSyJHU3S5aFTd9aeSV35LQo9QL9iaMrnW36pfdYtNaVlpwR+k0fQRVu6JxUnWADri5WBE2v5Of4+MkWVL3zg',
  '8eCuYmnT7YLAICXaEMv1T8LOBglX6fLd3sMim73dbUCyklv3Y3bLZzBWqjw0K6PYrA1UV64rWUOikwXmtxsFyGT2/ek=',
].join('')
const CERTIFICATE = [
  'MIIDwzCCAiugAwIBAgIBATANBgkqhkiG9w0BAQsFADAkMSIwIAYDVQQDExlEcnlkb2NrIGFnZW50IGZvciBBbmRyb2lk',
  'MCAXDTI1MTAwOTA4NTMyMFoYDzk5OTkxMjMxMjM1OTU5WjAkMSIwIAYDVQQDExlEcnlkb2NrIGFnZW50IGZvciBBbmRy',
  'b2lkMIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAmxKT370ZiSpmQX8XbqsMjTcP3P7ouersRAhio+9J1Ebb',
  'TCbOx0+y/nBDX9hB1nsWfqWAyfsCYI6dQ8qPDAAgUdX6I7JEbwnbOEMTxiQlxD4bedrhfvlAavE8wG3gbgIpI5DV0OlN',
  'Zi/gUxzhspc9mM/lB4766luR64FYi/ksYzTgLJpEwKR3r9MnN0EX81pN5U01JdjHrZ3PHAEujJGCkvqv184gYHvn15sS',
  'bFZEZrjwuljXVh4sGnAkG8NMwd5nqyN7kl7tvSar0nBddQwxZ7/YgydKxx8G0YFdEsilgk/9mHY34gLcZvWoLg22Feld',
  'nhAEuPtAJa3VoJ67JToLH3HUgd8KYiPxHWgLkFogTEwdjAHuYCc0S2S3Vry0ToGxkTmr6kacNGGAUwJMnVv2HuNt1L0t',
  'oCGUi2H7oxvktuRGzLRKg8wHvx0jlDPdekRbYIwQvaWw0FIcck3RnQeitmxZ7fxHfa3f0riCKbTR1k/I93uSjHJaKl0u',
  'yL8KcgoTAgMBAAEwDQYJKoZIhvcNAQELBQADggGBACe4xSOEowW5Nu6OMBwx8VdDO0qxHehNW0wZzEzP0A8uTEpJoFcZ',
  'x8T0taAWrTtgRCWJTEHpgnVhhhUGT+e3eHytky+mcJMkzl2iamRZPa6PQ7600Y3G6vp3AAi3oW5VpbZq3o/QTm+lHBgD',
  'XbD+QW6GuM14IxBN7BX2amkCr2cFcZOvHo08c2aqCz5ihafKqEkXhj9NshIpVOmG2nqeEx1H8BwZXvEHusvW99G9IrLp',
  'eC6fyU48lWF0cA/3jtBgVG4LiK4fdhN9PpehU4gU0AJ+Vj88EKb+++Bsbed7ou8m8Ai32ejzx1XC7MNGz8xxVucGOrR0',
  '7SPGp0vaHspv2CzVYL4iyImXrRzXanNeX5EkWZDZeeifLaqx8Zc86Uwa1Uat0LHy7UKKK4WbD9UCiV7nHC+RR0iP/auy',
  'eKVfjhCgF7eeRSTTnQg6wGLAMNi6MHrHXvSWqSmlmfs+0xbutwNtA8zKJsToNY4KhwkNYS7ViJyqc+TFs2arYGmHt+1r',
  'YA==',
].join('')

const privateKey = createPrivateKey({
  key: Buffer.from(PRIVATE, 'base64'),
  format: 'der',
  type: 'pkcs8',
})

export const SAMPLE_ANDROID_KEY: AndroidKey = {
  certificate: Buffer.from(CERTIFICATE, 'base64'),
  publicKey: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
  sign: async (bytes) => sign('sha256', bytes, privateKey),
}
