import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Licence } from '../domain/access/licence.ts'
import type { CheckInLimits } from '../domain/endpoint/check-in-view.ts'
import type { BaseLayers } from '../pack/oci/image.ts'
import type { WriterNeeds } from '../pack/writer.ts'
import type { Artifacts } from '../store/artifacts.ts'
import type { Database } from '../store/open.ts'
import type { InstanceSecret } from '../store/secret.ts'
import type { SigningKey } from '../trust/keys.ts'
import type { CheckInNeeds } from './agent-api/check-in.ts'
import type { CheckInViews } from './agent-api/check-in-views.ts'
import type { CheckInWrites } from './agent-api/check-in-writes.ts'
import type { AgentGate } from './agent-api/gate.ts'
import type { AndroidSigner } from './android-signer.ts'
import type { LiveConfiguration } from './configuration.ts'
import type { EventTail } from './event-tail.ts'
import type { Admission } from './http/admission.ts'
import type { KeyRing } from './http/authenticate.ts'
import type { Bandwidth } from './http/bandwidth.ts'
import type { RateLimitSettings } from './http/rate-limit.ts'
import type { RefusedAttempts } from './http/refused-attempts.ts'
import type { Metrics } from './metrics.ts'
import type { ViewerFile } from './openapi/viewer-file.ts'
import type { PackageModels } from './package-models.ts'
import type { PackageSigner } from './package-signer.ts'
import type { OpenStreams } from './public-api/events/follow.ts'
import type { Verifications } from './verify-audit.ts'
import type { EffectsUnderWay } from './work/perform-effects.ts'

/** What is open when a server begins: given by whoever starts it. */
export type ServerFoundations = {
  readonly database: Database
  readonly artifacts: Artifacts
  readonly secret: InstanceSecret
  /** The key that signs what is published here. */
  readonly signingKey: SigningKey
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly settings: ServerSettings
  /** What container images stand on: kept beside the server, read when an image is made. */
  readonly imageBases: () => Promise<BaseLayers>
  /** What shows the API to people at `/docs`; absent: the document alone is served. */
  readonly apiViewer?: readonly ViewerFile[]
}

export type ServerSettings = {
  /** How agents and people reach this server, without a trailing slash. */
  readonly publicUrl: string
  readonly checkInIntervalS: number
  readonly probationS: number
  readonly licence: Licence
  /** Of each API key. */
  readonly keyRequests: RateLimitSettings
  readonly productVersion: string
}

/**
 * Everything a route or a worker may use; each declares the part it does use (`Pick<ServerNeeds,
 * ...>`).
 */
export type ServerNeeds = ServerFoundations & {
  readonly keyRing: KeyRing
  readonly configuration: LiveConfiguration
  readonly admission: Admission
  readonly refusedAttempts: RefusedAttempts
  readonly verifications: Verifications
  readonly eventTail: EventTail
  readonly openStreams: OpenStreams
  readonly metrics: Metrics
  readonly packageSigner: PackageSigner
  readonly androidSigner: AndroidSigner
  readonly writerNeeds: WriterNeeds
  readonly packageModels: PackageModels
  readonly underWay: EffectsUnderWay
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
  /** There is an effect to perform: the worker need not wait until it looks by itself. */
  readonly wakeWorker: () => void
  /** There is a release whose packages can be prepared. */
  readonly wakePreparing: () => void
  /** Something has changed that rollouts wait for: they are looked at now. */
  readonly wakeRollouts: () => void
  /** Something was published, withdrawn or changed that upgrade policies go by. */
  readonly wakePolicies: () => void
  readonly checkInLimits: Omit<CheckInLimits, 'closedDays' | 'timeZone'>
  readonly checkInViews: CheckInViews
  readonly checkInWrites: CheckInWrites
  readonly gate: AgentGate
  readonly clusterImage: CheckInNeeds['clusterImage']
  readonly bandwidth: Bandwidth
}
