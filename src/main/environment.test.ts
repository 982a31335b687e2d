import { describe, expect, it } from 'vitest'
import { parseEnvironment } from './environment.ts'

describe('the environment', () => {
  it('may be empty', () => {
    expect(parseEnvironment({ DRYDOCK_LISTEN: '' })).toEqual({
      ok: true,
      value: {
        listen: { host: '127.0.0.1', port: 8080 },
        dataDir: './data',
        publicUrl: null,
        databaseUrl: null,
        tls: null,
        logLevel: 'info',
        checkInIntervalS: 60,
        probationS: 300,
        licence: null,
        keyRequestsPerS: 100,
      },
    })
  })

  it('says everything', () => {
    const outcome = parseEnvironment({
      DRYDOCK_LISTEN: '[::1]:443',
      DRYDOCK_DATA_DIR: '/var/lib/drydock',
      DRYDOCK_PUBLIC_URL: 'https://drydock.example.org/fleet/',
      DATABASE_URL: 'postgres://me@db/drydock',
      DRYDOCK_TLS_CERT: 'cert.pem',
      DRYDOCK_TLS_KEY: 'key.pem',
      DRYDOCK_LOG_LEVEL: 'debug',
      DRYDOCK_CHECK_IN_INTERVAL: '5',
      DRYDOCK_PROBATION: '86400',
      DRYDOCK_LICENCE: 'XSIAM+cloud-posture-security',
      DRYDOCK_KEY_REQUESTS_PER_S: '500',
    })
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        listen: { host: '::1', port: 443 },
        publicUrl: 'https://drydock.example.org/fleet',
        tls: { cert: 'cert.pem', key: 'key.pem' },
        checkInIntervalS: 5,
        probationS: 86_400,
        licence: { products: ['xsiam'], addOns: ['cloud-posture-security'] },
        keyRequestsPerS: 500,
      },
    })
  })

  it.each([
    [{ DRYDOCK_LISTEN: '8080' }, /^DRYDOCK_LISTEN: it must be an address and a port/],
    [{ DRYDOCK_LISTEN: '127.0.0.1:65536' }, /^DRYDOCK_LISTEN: /],
    [{ DRYDOCK_PUBLIC_URL: 'drydock' }, /^DRYDOCK_PUBLIC_URL: it must be a URL that starts/],
    [{ DRYDOCK_PUBLIC_URL: 'ftp://drydock' }, /^DRYDOCK_PUBLIC_URL: /],
    [{ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL: it must be a URL that starts with postgres/],
    [{ DRYDOCK_TLS_CERT: 'x' }, /^DRYDOCK_TLS_KEY: it is needed too/],
    [{ DRYDOCK_TLS_KEY: 'x' }, /^DRYDOCK_TLS_CERT: it is needed too/],
    [{ DRYDOCK_LOG_LEVEL: 'loud' }, /^DRYDOCK_LOG_LEVEL: it must be one of debug/],
    [{ DRYDOCK_CHECK_IN_INTERVAL: '0' }, /^DRYDOCK_CHECK_IN_INTERVAL: it must be a whole number/],
    [{ DRYDOCK_CHECK_IN_INTERVAL: '1m' }, /^DRYDOCK_CHECK_IN_INTERVAL: /],
    [{ DRYDOCK_LICENCE: 'xdr' }, /^DRYDOCK_LICENCE: it must be everything, or products \(xdr-/],
    [{ DRYDOCK_KEY_REQUESTS_PER_S: '0' }, /^DRYDOCK_KEY_REQUESTS_PER_S: it must be a whole/],
    [{ DRYDOCK_PROBATION: '86401' }, /^DRYDOCK_PROBATION: it must be a whole number of seconds/],
  ])('%o is refused by the name of the variable', (environment, message) => {
    expect(parseEnvironment(environment)).toMatchObject({
      ok: false,
      refusal: { code: 'environment-invalid', message: expect.stringMatching(message) },
    })
  })
})
