/**
 * What an operator's Prometheus reads at `/metrics`: counted where it happens, read from the store
 * when asked.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '../base/clock.ts'
import { UPGRADE_STATES } from '../domain/upgrade/upgrade.ts'
import { type Figures, loadFigures } from '../store/figures.ts'
import type { Database } from '../store/open.ts'

export type Metrics = {
  /** A request was answered; `route` is the pattern, never what a client sent. */
  answered(request: {
    readonly route: string
    readonly method: string
    readonly status: number
    readonly ms: number
  }): void
  /** An agent was told to come later, because too many came at once. */
  deferred(door: 'check-in' | 'enrol'): void
  built(build: { readonly outcome: 'ready' | 'failed'; readonly ms: number }): void
  readonly contentType: string
  /** The whole page. */
  render(): Promise<string>
}

/** Counting rows costs; several scrapers share one count. */
const FIGURES_FRESH_MS = 10_000
/** A check-in is under a millisecond, a large upload takes minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

const CHECK_IN = '/agent/v1/check-in'
const ENROL = '/agent/v1/enrol'

export function createMetrics(needs: {
  readonly database: Database
  readonly clock: Clock
}): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const shared = { registers: [register] }
  const requests = new Counter({
    name: 'drydock_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['route', 'method', 'status'] as const,
    ...shared,
  })
  const seconds = new Histogram({
    name: 'drydock_http_request_seconds',
    help: 'From the request to the end of its answer.',
    labelNames: ['route'] as const,
    buckets: SECONDS,
    ...shared,
  })
  const checkIns = outcomeCounter('drydock_check_ins_total', 'Check-ins, by outcome.', register)
  const enrolments = outcomeCounter('drydock_enrolments_total', 'Enrolments, by outcome.', register)
  const deferred = new Counter({
    name: 'drydock_agents_deferred_total',
    help: 'Agents that were told to come later (503, busy), by door.',
    labelNames: ['door'] as const,
    ...shared,
  })
  const builds = outcomeCounter(
    'drydock_builds_total',
    'Distributions built, by outcome.',
    register,
  )
  const buildSeconds = new Histogram({
    name: 'drydock_build_seconds',
    help: 'From taking the order to its packages.',
    buckets: SECONDS,
    ...shared,
  })
  addFigures(register, needs)
  return {
    answered({ route, method, status, ms }) {
      requests.inc({ route, method, status: String(status) })
      seconds.observe({ route }, ms / 1000)
      const outcome = status < 400 ? 'accepted' : status < 500 ? 'refused' : 'failed'
      if (route === CHECK_IN) checkIns.inc({ outcome })
      if (route === ENROL) enrolments.inc({ outcome })
    },
    deferred: (door) => deferred.inc({ door }),
    built({ outcome, ms }) {
      builds.inc({ outcome })
      buildSeconds.observe(ms / 1000)
    },
    contentType: register.contentType,
    render: () => register.metrics(),
  }
}

function outcomeCounter(name: string, help: string, register: Registry): Counter<'outcome'> {
  return new Counter({ name, help, labelNames: ['outcome'] as const, registers: [register] })
}

function addFigures(
  register: Registry,
  needs: { readonly database: Database; readonly clock: Clock },
): void {
  let counted: { readonly at: number; readonly figures: Promise<Figures> } | null = null
  const figures = () => {
    const at = needs.clock.monotonic()
    if (counted === null || at - counted.at >= FIGURES_FRESH_MS) {
      counted = { at, figures: loadFigures(needs.database.read) }
    }
    return counted.figures
  }
  const registers = [register]
  new Gauge({
    name: 'drydock_outbox_depth',
    help: 'Effects that wait to be performed.',
    registers,
    async collect() {
      this.set((await figures()).outboxDepth)
    },
  })
  new Gauge({
    name: 'drydock_upgrades',
    help: 'Upgrades, by state.',
    labelNames: ['state'] as const,
    registers,
    async collect() {
      const { upgradesByState } = await figures()
      for (const state of UPGRADE_STATES) this.set({ state }, upgradesByState.get(state) ?? 0)
    },
  })
}
