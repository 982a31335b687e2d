/** An event as the stream tells it. */
import type { StreamedEvent } from '../../../contract/public/events.ts'
import type { StoredEvent } from '../../../store/events.ts'

export function renderEvent({ at, event }: StoredEvent): StreamedEvent {
  switch (event.type) {
    case 'upgrade.changed': {
      const { type, state, reason, message, percent } = event
      const about = { endpoint_id: event.endpointId, group_action_id: event.actionId }
      const target_version = event.targetVersion
      const { bytesDone: bytes_done = 0, bytesTotal: bytes_total = 0, attempts = 0 } = event
      const progress = { percent, bytes_done, bytes_total, attempts }
      const not_before = event.notBefore ?? null
      return { type, at, ...about, state, reason, message, ...progress, not_before, target_version }
    }
    case 'upgrade-action.created':
    case 'upgrade-action.cancelled': {
      const { type, by } = event
      return { type, at, group_action_id: event.actionId, by, endpoints_count: event.upgrades }
    }
    case 'rollout.changed': {
      const { type, state, reason, message, wave } = event
      return { type, at, group_action_id: event.actionId, state, reason, message, wave }
    }
    case 'endpoint.enrolled':
    case 'endpoint.deleted':
    case 'endpoint.restored': {
      const { type, endpointId, hostname } = event
      return { type, at, endpoint_id: endpointId, endpoint_name: hostname }
    }
    case 'distribution.ready':
    case 'distribution.failed':
    case 'distribution.deleted': {
      const { type, distributionId, name, reason } = event
      return { type, at, distribution_id: distributionId, name, reason }
    }
    case 'release.published':
    case 'release.withdrawn': {
      const { type, manifestDigest, version, platform, arch, libc } = event
      return { type, at, manifest_digest: manifestDigest, version, platform, arch, libc }
    }
    case 'upgrade-policy.changed':
    case 'configuration.changed': {
      const { type, name, by } = event
      return { type, at, name, by }
    }
  }
}

/** In the form of server-sent events; JSON has no line feed of its own. */
export function eventText(stored: StoredEvent): string {
  const data = JSON.stringify(renderEvent(stored))
  return `id: ${stored.position}\nevent: ${stored.event.type}\ndata: ${data}\n\n`
}
