/**
 * Whatever an agent may give as its reason for an attempt that ended before the switch is on one
 * side: another try may help, or it may not. A new reason is not there until that is decided.
 */
import { describe, expect, it } from 'vitest'
import { ATTEMPT_FAILURES } from '../src/domain/upgrade/attempt-failures.ts'
import { REASONS_DOCUMENT } from './house/reasons.ts'
import { isTest, readTree, type TextFile } from './house/tree.ts'

/** What the steps of an attempt are made of: the failures of these files become its reasons. */
const OF_AN_ATTEMPT = [
  'src/agent/update/',
  'src/agent/cluster/cluster-upgrader.ts',
  'src/agent/cluster/next-move.ts',
  'src/agent/manifest.ts',
  'src/agent/server-link.ts',
  'src/agent/machine/files.ts',
  'src/agent/launcher/switch-request.ts',
  'src/trust/verify.ts',
  'src/trust/envelope.ts',
  'android/smali/Attempt.smali',
  'android/smali/Upgrade.smali',
  'android/smali/InstallResult.smali',
]

/** Said there, and never why an attempt ended before the switch. */
const NEVER = new Map([
  ['server-unreachable', 'told as download-failed'],
  ['unreadable-answer', 'told as download-failed'],
  ['answer-too-large', 'told as download-failed'],
  ['too-large', 'told as content-mismatch'],
  ['no-such-file', 'no journal yet, before the first attempt'],
  ['on-probation', 'the agent waits and asks again'],
  ['already-active', 'the agent waits, and the slots tell the rest'],
  ['rollout-not-ready', 'behind the switch: rolled back'],
  ['forbidden', 'a word of the cluster, told as cluster-upgrade-not-granted'],
])

const tree = readTree()
const explained = new Set(
  [...(tree.get(REASONS_DOCUMENT)?.text ?? '').matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(
    ([, code]) => code ?? '',
  ),
)

function reasonsIn({ text }: TextFile): readonly string[] {
  return [...text.matchAll(/(['"])([a-z]+(?:-[a-z]+)*)\1/g)].flatMap(([, , code = '']) => {
    return explained.has(code) ? [code] : []
  })
}

const given = new Set(
  [...tree.values()]
    .filter(({ path }) => !isTest(path) && OF_AN_ATTEMPT.some((each) => path.startsWith(each)))
    .flatMap(reasonsIn),
)

describe('why an attempt ended before the switch', () => {
  it('is decided for each reason: whether another try may help', () => {
    const undecided = [...given].filter((code) => !ATTEMPT_FAILURES.has(code) && !NEVER.has(code))
    expect(undecided).toEqual([])
    expect(given.size).toBeGreaterThan(25)
  })

  it.each([...ATTEMPT_FAILURES.keys()])('%s is explained, and somebody says it', (reason) => {
    expect(explained).toContain(reason)
    const says = [...tree.values()].filter(({ path, text }) => {
      const isOfAgents = path.startsWith('src/') || path.endsWith('.smali')
      return isOfAgents && !isTest(path) && text.includes(reason)
    })
    expect(says.length).toBeGreaterThan(1)
  })
})
