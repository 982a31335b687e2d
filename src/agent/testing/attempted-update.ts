/**
 * An updater at work for tests: a real disk and a real server of the agent API, a clock that stands
 * still until it is moved, and a launcher that keeps what it is told. What the server answers to a
 * check-in, and when the request of it was sent, is the test's.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../../base/bytes.ts'
import { ManualClock } from '../../base/clock-manual.ts'
import { digestOf } from '../../base/digest.ts'
import { invariant } from '../../base/invariant.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import type { Instruction, UpgradeInstruction } from '../../contract/agent/check-in.ts'
import type { AgentMessage, SlotsMessage } from '../launcher/control.ts'
import { type Layout, layoutOf } from '../layout.ts'
import { trustedKeysOf, verifyManifest } from '../manifest.ts'
import { type Moment, momentOf } from '../moment.ts'
import { type Fetch, LINK_LIMITS, ServerLink } from '../server-link.ts'
import { Updater } from '../update/updater.ts'
import type { Answer } from '../update/word.ts'
import { buildVersion } from '../version-directory.ts'
import { FakeServer } from './fake-server.ts'
import { makeRelease, type Release, trustedKeys } from './release.ts'

const keys = trustedKeysOf({
  ...{ schema: 1, server_url: 'http://127.0.0.1', distribution_id: 'd'.repeat(32), token: 't' },
  ...{ proxy: [], endpoint_tags: [], trusted_keys: trustedKeys },
})

export const ATTEMPT = 'a'.repeat(32)

/** What runs while an upgrade is attempted. */
const active = makeRelease({ version: '1.0.0.0', agent: utf8('the first version') })

export const SLOTS: SlotsMessage = {
  kind: 'slots',
  protocol: 1,
  active: { manifest_digest: active.digest, version: active.version },
  backup: null,
  kept: [],
  probation: null,
  skip: [],
  outcome: null,
}

export class AttemptedUpdate {
  readonly clock = new ManualClock(1_000_000)
  readonly told: AgentMessage[] = []
  readonly server: FakeServer
  readonly release: Release
  readonly layout: Layout
  news = 0
  updater: Updater
  readonly #root = mkdtempSync(join(tmpdir(), 'drydock-update-'))
  readonly #fetch: Fetch
  #running: Promise<void>

  private constructor(server: FakeServer, release: Release, given: Fetch) {
    this.server = server
    this.release = release
    this.#fetch = given
    this.layout = layoutOf(this.#root, join(this.#root, 'opt'))
    install(this.layout, active)
    this.updater = this.#newUpdater()
    this.#running = this.updater.run()
  }

  static async start(release: Release, given: Fetch = fetch): Promise<AttemptedUpdate> {
    const server = await FakeServer.start()
    server.publish(release)
    return new AttemptedUpdate(server, release, given)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.updater.stop()
    await this.server.close()
    await this.#running
    rmSync(this.#root, { recursive: true, force: true })
  }

  /** The process is gone, and another begins: nothing but the disk is known. */
  async restart(slots: SlotsMessage = SLOTS): Promise<void> {
    this.updater.stop()
    await this.#running
    this.told.splice(0)
    this.updater = this.#newUpdater()
    this.updater.hearSlots(slots)
    this.#running = this.updater.run()
    await this.settle()
  }

  offer(changes: Partial<UpgradeInstruction> = {}): UpgradeInstruction {
    return {
      kind: 'upgrade',
      attempt_id: ATTEMPT,
      version: this.release.version,
      manifest_digest: this.release.digest,
      start_within_s: 60,
      probation_s: 60,
      download_rate_max: null,
      retry_skipped: false,
      may_switch: false,
      switch_within_s: null,
      ...changes,
    }
  }

  /** A check-in that tells what is so now, answered at once, or as the test says. */
  answer(instruction: Instruction, changes: Partial<Answer> = {}): void {
    const so = { reported: this.updater.report(), sentAt: this.moment() }
    this.updater.take({ instruction, ...so, ...changes })
  }

  moment(): Moment {
    return momentOf(this.clock)
  }

  get phase(): string | null {
    return this.updater.report()?.phase ?? null
  }

  get switches(): number {
    return this.told.filter(({ kind }) => kind === 'switch').length
  }

  /** Waits for what real files and sockets take; the clock stands still. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
  }

  /** What could happen without the clock being moved has happened. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((done) => setImmediate(done))
  }

  async untilStaged(changes: Partial<UpgradeInstruction> = {}): Promise<void> {
    this.updater.hearSlots(SLOTS)
    this.answer(this.offer(changes))
    await this.until(() => this.phase === 'staged')
  }

  #newUpdater(): Updater {
    const { clock, layout, release } = this
    const { platform, arch, libc, version } = release.manifest
    const needs = { serverUrl: this.server.url, proxies: [], fetch: this.#fetch, clock }
    const link = new ServerLink({
      ...needs,
      random: systemRandom,
      log: silentLog,
      limits: LINK_LIMITS,
    })
    return new Updater({
      ...{ layout, link, clock, random: systemRandom, log: silentLog, trustedKeys: keys },
      fit: { version, platform, arch, libc, launcherProtocol: 1 },
      authorization: () => `Bearer ${'0'.repeat(32)}.${'0'.repeat(64)}`,
      tellLauncher: (message) => this.told.push(message),
      onNews: () => {
        this.news += 1
      },
    })
  }
}

function install(layout: Layout, { files, envelope }: Release): void {
  mkdirSync(layout.store, { recursive: true })
  mkdirSync(layout.versions, { recursive: true })
  for (const { bytes } of files) writeFileSync(join(layout.store, digestOf(bytes)), bytes)
  const verified = verifyManifest(envelope, keys)
  invariant(verified.ok, 'a release of the test is signed')
  buildVersion(layout, verified.value, envelope)
}
