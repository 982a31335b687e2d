/** The server without sockets: its routes as plain functions, and its workers. */
import { newId, type RunId } from '../base/ids.ts'
import { bytesPerSecond } from '../domain/configuration/content-management.ts'
import { createCheckInViews } from './agent-api/check-in-views.ts'
import { createCheckInWrites } from './agent-api/check-in-writes.ts'
import { createGate } from './agent-api/gate.ts'
import { AGENT_ROUTES } from './agent-api/routes.ts'
import { createAndroidSigner } from './android-signer.ts'
import { macOfHead } from './audit-mac.ts'
import { createCodeSigner } from './code-signer.ts'
import { createLiveConfiguration, type LiveConfiguration } from './configuration.ts'
import { createDerivedParts } from './derived-parts.ts'
import { enrolmentLinkRoutes } from './enrolment-link/routes.ts'
import { EventTail } from './event-tail.ts'
import { createAdmission } from './http/admission.ts'
import { agentRoute } from './http/agent-edge.ts'
import { createKeyRing } from './http/authenticate.ts'
import { createBandwidth } from './http/bandwidth.ts'
import type { HttpRoute } from './http/exchange.ts'
import type { Answered } from './http/listen.ts'
import { publicRoute, rawRoute } from './http/public-edge.ts'
import { createRateLimit } from './http/rate-limit.ts'
import { createMetrics } from './metrics.ts'
import type { ServerFoundations, ServerNeeds } from './needs.ts'
import { documentationRoutes } from './openapi/routes.ts'
import { operatorRoutes } from './operator-routes.ts'
import { createPackageModels } from './package-models.ts'
import { createPackageSigner } from './package-signer.ts'
import { PUBLIC_ROUTES, RAW_ROUTES } from './public-api/routes.ts'
import { imageFor } from './registry/image-for.ts'
import { registryRoutes } from './registry/routes.ts'
import { createSegmentDigests } from './segment-digests.ts'
import { advancing } from './work/advance-rollouts.ts'
import { deleteDuplicates } from './work/delete-duplicates.ts'
import { deleteLostEndpoints } from './work/delete-lost-endpoints.ts'
import { endOverdueUpgrades } from './work/end-overdue-upgrades.ts'
import { following } from './work/follow-releases.ts'
import { forgetOldEvents, forgetOldReports, forgetOldUpgrades } from './work/forget-old.ts'
import { type Loop, startLoop } from './work/loop.ts'
import { startNotingRefused } from './work/note-refused.ts'
import { performEffects } from './work/perform-effects.ts'
import { underLease } from './work/periodic.ts'
import { preparingReleases } from './work/prepare-releases.ts'
import { forgetUnpublishedArtifacts } from './work/remove-artifacts.ts'
import { SEAL_EVERY_MS, seal } from './work/seal.ts'
import { createSteadyTime } from './work/steady-time.ts'

export type Assembled = {
  readonly needs: ServerNeeds
  readonly routes: readonly HttpRoute[]
  /** Counts and logs a request that was answered. */
  onAnswered(answered: Answered): void
  /** Performs every effect that is due, and advances every rollout. */
  drain(): Promise<void>
  /** Ends what would never end by itself, before the connections are waited for. */
  endStreams(): void
  /** Stops the workers after what they are doing. */
  stop(): Promise<void>
}

/** Woken for every order of this server; looks by itself for those of servers that died. */
const EFFECTS_EVERY_MS = 15_000
const OVERDUE_EVERY_MS = 10_000
const UNPUBLISHED_EVERY_MS = 3_600_000
const OLD_EVENTS_EVERY_MS = 600_000
const OLD_REPORTS_EVERY_MS = 6 * 3_600_000
const DELETIONS_EVERY_MS = 3_600_000

export function assembleServer(foundations: ServerFoundations): Assembled {
  const { database, settings } = foundations
  const metrics = createMetrics(foundations)
  const keyRing = createKeyRing(foundations)
  const configuration = createLiveConfiguration(foundations)
  const rateLimit = createRateLimit(settings.keyRequests, foundations.clock)
  const refusedAttempts = startNotingRefused(foundations)
  const eventTail = new EventTail(database)
  const packageSigner = createPackageSigner(foundations)
  const androidSigner = createAndroidSigner(foundations)
  const stopping = new AbortController()
  const beginning = { ...foundations, stopping: stopping.signal }
  const { androidKey } = androidSigner
  const writerNeeds = { ...packagingOf(beginning), signOpenPgp: packageSigner.sign, androidKey }
  let woken: WokenLoops | null = null
  const needs: ServerNeeds = {
    ...beginning,
    underWay: new Map(),
    metrics,
    keyRing,
    configuration,
    bandwidth: createBandwidth({ ...foundations, bytesPerSecond: bandwidthOf(configuration) }),
    admission: createAdmission({ keyRing, rateLimit, licence: settings.licence }),
    refusedAttempts,
    verifications: { count: 0 },
    eventTail,
    openStreams: new Map(),
    packageSigner,
    androidSigner,
    writerNeeds,
    packageModels: createPackageModels({ ...foundations, writerNeeds }),
    wakeWorker: () => woken?.effects.wake(),
    wakePreparing: () => woken?.preparing.wake(),
    wakeRollouts: () => woken?.rollouts.wake(),
    wakePolicies: () => woken?.policies.wake(),
    checkInLimits: { intervalS: settings.checkInIntervalS, probationS: settings.probationS },
    checkInViews: createCheckInViews(database),
    checkInWrites: createCheckInWrites(database, foundations.clock),
    gate: createGate({ ...foundations, configuration, onDeferred: metrics.deferred }),
    clusterImage: async (version) => (await imageFor(needs, version)).reference,
  }
  const owner = newId<RunId>(foundations.random)
  const started = startWoken(needs, owner)
  const { effects, rollouts, policies } = started
  woken = started
  const everywhere = [sealing(needs), eventTail.work].map((work) => startLoop(work, needs))
  const loops = [...Object.values(started), ...everywhere, ...startPeriodicWork(needs, owner)]
  return {
    needs,
    routes: routesOf(needs),
    onAnswered: (answered) => noteAnswered(answered, needs),
    async drain() {
      await effects.drain()
      await policies.drain()
      await rollouts.drain()
      await Promise.all(needs.underWay.values())
    },
    endStreams: () => eventTail.close(),
    async stop() {
      eventTail.close()
      stopping.abort()
      await Promise.all([refusedAttempts.stop(), ...loops.map((loop) => loop.stop())])
      await Promise.all(needs.underWay.values())
    },
  }
}

type WokenLoops = Readonly<Record<'effects' | 'preparing' | 'rollouts' | 'policies', Loop>>

/** What requests wake, so that it need not wait until it looks by itself. */
function startWoken(needs: ServerNeeds, owner: RunId): WokenLoops {
  const perform = () => performEffects(needs)
  return {
    effects: startLoop({ name: 'effects', everyMs: EFFECTS_EVERY_MS, perform }, needs),
    preparing: startLoop(preparingReleases(needs), needs),
    rollouts: startLoop(advancing(needs, owner), needs),
    policies: startLoop(following(needs, owner), needs),
  }
}

function sealing({ database, secret }: ServerFoundations) {
  const macOf = macOfHead(secret)
  return { name: 'sealing', everyMs: SEAL_EVERY_MS, perform: () => seal({ database, macOf }) }
}

function packagingOf(needs: ServerFoundations & Pick<ServerNeeds, 'stopping'>) {
  const digestOf = createSegmentDigests(needs.artifacts)
  return { digestOf, derive: createDerivedParts(needs), ...createCodeSigner(needs) }
}

function routesOf(needs: ServerNeeds): readonly HttpRoute[] {
  return [
    ...PUBLIC_ROUTES.map((route) => publicRoute(route, needs)),
    ...RAW_ROUTES.map((route) => rawRoute(route, needs)),
    ...AGENT_ROUTES.map((route) => agentRoute<ServerNeeds>(route, needs)),
    ...registryRoutes(needs),
    ...enrolmentLinkRoutes(needs),
    ...operatorRoutes(needs),
    ...documentationRoutes(needs.apiViewer ?? []),
  ]
}

function bandwidthOf(configuration: LiveConfiguration): () => Promise<number | null> {
  return async () => bytesPerSecond((await configuration.current()).contentManagement)
}

/** Each on one of the servers that share the database. */
function startPeriodicWork(needs: ServerNeeds, owner: RunId): readonly Loop[] {
  const { database, clock } = needs
  const watching = { ...needs, steadyTime: createSteadyTime(clock) }
  const periodic = (name: string, everyMs: number, work: () => Promise<unknown>) => {
    const perform = async () => {
      await work()
      return null
    }
    return startLoop(underLease({ name, everyMs, perform }, { database, clock, owner }), needs)
  }
  return [
    periodic('overdue-upgrades', OVERDUE_EVERY_MS, () => endOverdueUpgrades(needs)),
    periodic('old-events', OLD_EVENTS_EVERY_MS, () => forgetOldEvents(needs)),
    periodic('old-reports', OLD_REPORTS_EVERY_MS, () => forgetOldReports(watching)),
    periodic('old-upgrades', OLD_REPORTS_EVERY_MS, () => forgetOldUpgrades(watching)),
    periodic('unpublished-artifacts', UNPUBLISHED_EVERY_MS, () =>
      forgetUnpublishedArtifacts(needs),
    ),
    periodic('lost-endpoints', DELETIONS_EVERY_MS, () => deleteLostEndpoints(watching)),
    periodic('duplicate-endpoints', DELETIONS_EVERY_MS, () => deleteDuplicates(watching)),
  ]
}

/** Paths without their query: a signature opens what it signs. */
function noteAnswered(answered: Answered, needs: Pick<ServerNeeds, 'log' | 'metrics'>): void {
  const { route, method, path, status, ms, remoteAddress, isCut } = answered
  needs.metrics.answered({ route: route?.path ?? 'none', method, status, ms })
  const facts = { method, path, status, ms: Math.round(ms * 10) / 10, remoteAddress, isCut }
  if (route?.logLevel === 'debug') needs.log.debug(facts, 'answered')
  else needs.log.info(facts, 'answered')
}
