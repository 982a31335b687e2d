/**
 * Deliberate bugs, each a change of one place in our own code. The simulator must find every one of
 * them: what it would not notice it does not guard. `npm run sim:mutations` tries them all; a place
 * that is not there any more fails the unit tests, so that this list stays true.
 */
import type { VersionKind } from '../src/sim/bad-versions.ts'

export type Mutation = {
  readonly name: string
  /** What goes wrong with it, in the words of whoever would be called at night. */
  readonly means: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** A kind of bad version that it needs to be seen. */
  readonly kind?: VersionKind
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'budget-counts-failures-only',
    means: 'what is in flight is not counted against the failure budget',
    file: 'src/domain/rollout/exposure.ts',
    find: 'return budget - failuresIn(rollout, tallies, wave) - inFlight',
    replace: 'return budget - failuresIn(rollout, tallies, wave)',
  },
  {
    name: 'one-berth-too-many',
    means: 'the instance upgrades one endpoint more than it was allowed to',
    file: 'src/domain/upgrade/berth.ts',
    find: 'return Math.max(0, setting.parallelUpgradesMax - taken)',
    replace: 'return Math.max(0, setting.parallelUpgradesMax + 1 - taken)',
  },
  {
    name: 'pause-takes-nothing-back',
    means: 'offers that nobody took up stand when a rollout is paused',
    file: 'src/domain/rollout/steer-rollout.ts',
    find: 'return accept({ rollout: steered(rollout, paused, steering), takesBack: true })',
    replace: 'return accept({ rollout: steered(rollout, paused, steering), takesBack: false })',
  },
  {
    name: 'window-never-closes',
    means: 'upgrades are offered outside their window',
    file: 'src/domain/upgrade/hours-to-begin.ts',
    find: 'const open = openness(hours, now)',
    replace: "const open = { kind: 'open', closesAt: null } as Openness",
  },
  {
    name: 'wave-does-not-wait',
    means: 'the next wave begins while the canary is at work',
    file: 'src/domain/rollout/advance-wave.ts',
    find: 'if (tally.inFlight > 0 || tally.waitingConnected > 0) return underWay(rollout)',
    replace: 'if (tally.waitingConnected > 0) return underWay(rollout)',
  },
  {
    name: 'unproven-wave-passes',
    means: 'a wave nobody of which could be reached counts as done',
    file: 'src/domain/rollout/advance-wave.ts',
    find: 'if (tally.waiting > 0) return underWay(rollout)',
    replace: '',
  },
  {
    name: 'deadlines-are-not-kept',
    means: 'upgrades that hang are never given up',
    file: 'src/domain/upgrade/end-overdue.ts',
    find: 'if (now >= deadlineAt) return overdue(upgrade, now)',
    replace: 'if (now >= deadlineAt) return upgrade',
  },
  {
    name: 'expiry-is-not-kept',
    means: 'what waits for an endpoint that is gone waits for ever',
    file: 'src/domain/upgrade/end-overdue.ts',
    find: 'if (isWaiting(state) && now >= upgrade.expiresAt) {',
    replace: 'if (isWaiting(state) && now >= upgrade.expiresAt + 1e12) {',
  },
  {
    name: 'end-is-acknowledged-unheard',
    means: 'a report is acknowledged and not kept',
    file: 'src/store/check-ins.ts',
    find: 'checkIns.flatMap(({ received }) => received.upgrades),',
    replace:
      'checkIns.flatMap(({ received }) => received.upgrades' +
      ".filter(({ state }) => state !== 'succeeded')),",
  },
  {
    name: 'agent-asks-nobody',
    means: 'an agent switches as soon as it is staged',
    file: 'src/agent/update/next-step.ts',
    find: "if (!attempt.asks_to_switch || maySwitch) return { kind: 'switch' }",
    replace: "return { kind: 'switch' }",
  },
  {
    name: 'launcher-never-goes-back',
    means: 'a bad version stays',
    file: 'src/agent/launcher/next-move.ts',
    find: 'if (facts.now >= facts.probationSince + probation.probation_s * 1000) {',
    replace: 'if (facts.now >= facts.probationSince + 1e12) {',
    kind: 'never-checks-in',
  },
  {
    name: 'probation-proves-nothing',
    means: 'a version stays because it was started',
    file: 'src/agent/launcher/next-move.ts',
    find: "if (isRunning && facts.verdict === 'healthy') return { kind: 'commit' }",
    replace: "if (isRunning) return { kind: 'commit' }",
    kind: 'never-checks-in',
  },
  {
    name: 'planner-is-restless',
    means: 'planning again and again changes what was planned',
    file: 'src/domain/rollout/plan-rollouts.ts',
    find: 'if (isSame(before, next)) return before',
    replace: '',
  },
]
