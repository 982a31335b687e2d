import type * as z from 'zod'
import { isDigest } from '../../../base/digest.ts'
import { accept, refuse } from '../../../base/result.ts'
import type { artifactReply } from '../../../contract/public/releases.ts'
import { ARTIFACT_BYTES_MAX } from '../../../contract/schema.ts'
import { headerOf, jsonAnswer } from '../../http/exchange.ts'
import { admit, type EdgeNeeds } from '../../http/public-edge.ts'
import type { RawRoute } from '../../http/route.ts'
import { type StoreArtifactNeeds, storeArtifact } from '../../store-artifact.ts'

/** `PUT releases/artifacts/<sha256>`: the body is the artifact, as it is. */
export const uploadArtifactRoute: RawRoute<
  StoreArtifactNeeds & Pick<EdgeNeeds, 'admission' | 'refusedAttempts'>
> = {
  methods: ['PUT'],
  path: '/public_api/v1/releases/artifacts/:digest',
  async answer(needs, request) {
    const admitted = await admit(needs, request, { permission: 'releases.edit' })
    if (!admitted.ok) return admitted
    const { digest = '' } = request.params
    if (!isDigest(digest)) {
      const msg = 'the path ends in a SHA-256 as 64 lower-case hexadecimal characters'
      const errors = [{ type: 'value_error', loc: ['path', 'digest'], msg }]
      return refuse({ code: 'invalid-request', errors })
    }
    if (Number(headerOf(request.headers, 'content-length') ?? 0) > ARTIFACT_BYTES_MAX) {
      return refuse({ code: 'body-too-large', limitBytes: ARTIFACT_BYTES_MAX })
    }
    const stored = await storeArtifact(needs, digest, request.body.stream())
    if (!stored.ok) return stored
    const { size, gzipSize } = stored.value
    const reply: z.infer<typeof artifactReply> = { digest, size, gzip_size: gzipSize }
    return accept(jsonAnswer(200, { reply }))
  },
}
