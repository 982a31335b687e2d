import { expect, it } from 'vitest'
import type { DistributionId } from '../../base/ids.ts'
import { systemRandom } from '../../base/random.ts'
import type { AgentVersion } from '../../base/version.ts'
import { instanceSecret } from '../../store/secret.ts'
import { enrolmentToken } from '../enrolment-token.ts'
import { imageOf, registryOf } from './image-reference.ts'
import { dockerConfig, pullCredentials } from './pull-credentials.ts'

const secret = instanceSecret(new Uint8Array(32).fill(7), systemRandom)
const id = 'a'.repeat(32) as DistributionId
const other = 'b'.repeat(32) as DistributionId

it('each distribution and generation has a password of its own, and the same one always', () => {
  const { username, password } = pullCredentials(secret, { id, generation: 0 })
  expect(username).toBe(id)
  expect(pullCredentials(secret, { id, generation: 0 }).password).toBe(password)
  const others = [
    pullCredentials(secret, { id, generation: 1 }).password,
    pullCredentials(secret, { id: other, generation: 0 }).password,
    enrolmentToken(secret, id),
    enrolmentToken(secret, id, 1),
  ]
  expect(others).not.toContain(password)
})

it('a pull secret names registry, user and password as docker does', () => {
  const config = JSON.parse(dockerConfig('drydock.example:8443', { username: 'u', password: 'p' }))
  const auth = Buffer.from('u:p').toString('base64')
  expect(config).toEqual({
    auths: { 'drydock.example:8443': { username: 'u', password: 'p', auth } },
  })
})

it.each([
  ['https://drydock.example', 'drydock.example'],
  ['https://drydock.example:8443/below', 'drydock.example:8443'],
  ['https://drydock', 'drydock:443'],
  ['https://localhost', 'localhost:443'],
  ['http://drydock.example', 'drydock.example:80'],
  ['http://127.0.0.1:8080', '127.0.0.1:8080'],
])('the server at %s is the registry %s', (publicUrl, registry) => {
  expect(registryOf(publicUrl)).toBe(registry)
  expect(imageOf(publicUrl, '1.2.3.4' as AgentVersion, 'sha256:ab').reference).toBe(
    `${registry}/drydock/agent@sha256:ab`,
  )
})
