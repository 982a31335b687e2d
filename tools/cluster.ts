/**
 * Applies the manifests of every sample order to a real API server of Kubernetes, twice each, asks
 * it what the agent's account may do, and lets that account move its image by the agent's own
 * patch. For people: nothing in the suite needs it.
 *
 * The server is built from the source package of Debian, once, into `build/cluster` (about nine
 * minutes and 3 GB on two cores). Needs apt-get, go, make, gcc, rsync, jq, etcd and kubectl.
 *
 * Usage: npm run cluster
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ClusterAttempt } from '../src/agent/cluster/attempt.ts'
import { daemonSetObject, daemonSetOf, patchRequest } from '../src/agent/cluster/daemon-set.ts'
import type { Pod } from '../src/agent/cluster/pod.ts'
import { systemClock } from '../src/base/clock.ts'
import { clusterObjects } from '../src/pack/kubernetes/kubernetes.ts'
import { NAME } from '../src/pack/kubernetes/names.ts'
import { CLUSTERS } from '../src/pack/kubernetes/sample-cluster.suite.ts'
import { toYamlStream } from '../src/pack/kubernetes/yaml.ts'

const FOLDER = resolve('build/cluster')
const SERVER = join(FOLDER, 'kube-apiserver')
const TOKEN = 'of-this-run'
const READY_WITHIN_S = 120

/** debian/rules of the package, for one program. */
const BUILD = `
set -e
sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources > sources.sources
mkdir -p lists/partial
apt="-o Dir::Etc::sourcelist=$PWD/sources.sources -o Dir::Etc::sourceparts=/dev/null"
apt="$apt -o Dir::State::lists=$PWD/lists"
apt-get $apt update -qq
apt-get $apt source --download-only -qq kubernetes
mkdir -p tree/.go/src/k8s.io
tar xf kubernetes_*.orig.tar.gz -C tree --strip-components=1
cd tree
ln -sfn ../../.. .go/src/k8s.io/kubernetes
export HOME=$PWD/.. GOPATH=$PWD/.go GOCACHE=$PWD/../cache CGO_ENABLED=0
export KUBE_GIT_VERSION=v1.20.2 KUBE_GIT_TREE_STATE=clean
nice -n 19 make WHAT=cmd/kube-apiserver GOFLAGS=-p=1
cp _output/local/go/bin/kube-apiserver ..
`

/** What 1.20 does not know yet, and what is OpenShift's. */
function forThisServer(objects: ReturnType<typeof clusterObjects>): readonly unknown[] {
  return objects.flatMap((object): unknown[] => {
    if (object.kind === 'SecurityContextConstraints') return []
    if (object.kind !== 'DaemonSet') return [object]
    const { updateStrategy: _newer, ...spec } = object.spec
    return [{ ...object, spec }]
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolveIt) => server.once('listening', resolveIt))
  const address = server.address()
  await new Promise((resolveIt) => server.close(resolveIt))
  return typeof address === 'object' && address !== null ? address.port : 0
}

class Cluster implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'drydock-cluster-'))
  readonly #started: ChildProcess[] = []
  #url = ''

  async start(): Promise<void> {
    const [store, peers, port] = [await freePort(), await freePort(), await freePort()]
    const key = join(this.#folder, 'account.pem')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }))
    const tokens = join(this.#folder, 'tokens.csv')
    writeFileSync(tokens, `${TOKEN},admin,admin,system:masters\n`)
    const at = (of: number) => `http://127.0.0.1:${of}`
    this.#spawn('etcd', [
      `--data-dir=${join(this.#folder, 'etcd')}`,
      ...[`--listen-client-urls=${at(store)}`, `--advertise-client-urls=${at(store)}`],
      ...[`--listen-peer-urls=${at(peers)}`, `--initial-advertise-peer-urls=${at(peers)}`],
      `--initial-cluster=default=${at(peers)}`,
    ])
    this.#spawn(SERVER, [
      `--etcd-servers=${at(store)}`,
      `--cert-dir=${join(this.#folder, 'certificates')}`,
      ...['--bind-address=127.0.0.1', `--secure-port=${port}`],
      ...[`--token-auth-file=${tokens}`, '--authorization-mode=RBAC'],
      ...['--service-account-issuer=https://kubernetes.default.svc'],
      ...[`--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`],
      '--service-cluster-ip-range=10.0.0.0/24',
    ])
    this.#url = `https://127.0.0.1:${port}`
    for (let second = 0; !this.#isReady(); second++) {
      if (second > READY_WITHIN_S) throw new Error(`no API server: see ${this.#folder}`)
      await systemClock.sleep(1000).done
    }
  }

  /** What the agent's account is answered, and whether it was taken. */
  asAgent(namespace: string, args: readonly string[]): { isTaken: boolean; said: string } {
    const who = `system:serviceaccount:${namespace}:drydock-agent`
    try {
      const said = this.kubectl([...args, '--namespace', namespace, '--as', who])
      return { isTaken: true, said: said.trim() }
    } catch (error) {
      // Best effort: to be refused is an answer here.
      return { isTaken: false, said: String(Object(error).stderr).trim() }
    }
  }

  kubectl(args: readonly string[], input = ''): string {
    const how = ['--server', this.#url, '--insecure-skip-tls-verify', '--token', TOKEN]
    const own = ['--cache-dir', join(this.#folder, 'cache')]
    const options = { input, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync('kubectl', [...how, ...own, ...args], options)
  }

  #isReady(): boolean {
    try {
      return this.kubectl(['get', '--raw', '/readyz']) === 'ok'
    } catch {
      // Best effort: it is asked again, and how often is limited.
      return false
    }
  }

  #spawn(program: string, args: readonly string[]): void {
    const log = openSync(join(this.#folder, `${program.split('/').at(-1)}.log`), 'w')
    this.#started.push(spawn(program, args, { stdio: ['ignore', log, log] }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#started.reverse()) {
      const ended = new Promise((resolveIt) => child.once('exit', resolveIt))
      child.kill('SIGTERM')
      await ended
    }
    rmSync(this.#folder, { recursive: true })
  }
}

/** What the agent's account may do; more than that would be a flaw. */
function rightsIn(cluster: Cluster, namespace: string): readonly string[] {
  const asked = [
    'get daemonsets.apps/drydock-agent',
    'patch daemonsets.apps/drydock-agent',
    'list pods',
    'patch daemonsets.apps/other',
    'update daemonsets.apps/drydock-agent',
    'delete daemonsets.apps/drydock-agent',
    'get secrets',
    'create pods',
    'get nodes',
    'list pods --all-namespaces',
  ]
  return asked.map((each) => {
    const { isTaken } = cluster.asAgent(namespace, ['auth', 'can-i', ...each.split(' ')])
    return `${each}: ${isTaken ? 'yes' : 'no'}`
  })
}

/** The agent's own patch moves both images and nothing else, and only what it has seen. */
function movesOf(cluster: Cluster, namespace: string): readonly string[] {
  const read = () => {
    const text = cluster.kubectl(['get', 'daemonset', NAME, '-n', namespace, '-o', 'json'])
    return { text, seen: daemonSetOf(daemonSetObject.parse(JSON.parse(text)), 'agent') }
  }
  const before = read()
  const from = before.seen.image ?? ''
  const to = from.replace(/[0-9a-f]{64}$/, 'ef'.repeat(32))
  const pod = { file: { namespace, daemon_set: NAME } } as Pod // All that a path is made of.
  const attempt = { sample: true } as unknown as ClusterAttempt // Only written down.
  const { body } = patchRequest(pod, before.seen, { attempt, image: { from, to } })
  const patch = ['patch', 'daemonset', NAME, '--type=strategic', '-p', JSON.stringify(body)]
  const first = cluster.asAgent(namespace, patch)
  const { text } = read()
  const again = cluster.asAgent(namespace, patch)
  const images = (of: string, image: string) => of.split(`"image": "${image}"`).length - 1
  return [
    `its patch: ${first.said}`,
    `images: ${images(before.text, from)}, moved: ${images(text, to)}, left: ${images(text, from)}`,
    `the same patch again: ${again.isTaken ? 'taken' : again.said}`,
  ]
}

if (!existsSync(SERVER)) {
  mkdirSync(FOLDER, { recursive: true })
  execFileSync('bash', ['-c', BUILD], { cwd: FOLDER, stdio: 'inherit' })
}
await using cluster = new Cluster()
await cluster.start()
for (const [name, spec] of CLUSTERS) {
  const yaml = toYamlStream('', forThisServer(clusterObjects(spec)))
  const first = cluster.kubectl(['apply', '-f', '-'], yaml)
  const again = cluster.kubectl(['apply', '-f', '-'], yaml)
  const told = [first, again].map((text) =>
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' ').at(-1)),
  )
  process.stdout.write(`${name}: ${told.map((words) => words.join(' ')).join(' | ')}\n`)
}
const answers = [...rightsIn(cluster, 'cortex-xdr'), ...movesOf(cluster, 'cortex-xdr')]
process.stdout.write(`${answers.join('\n')}\n`)
