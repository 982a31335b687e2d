/**
 * The time zone of a Unix machine by its IANA name, from the files that the system's own libraries
 * read (localtime(5), tzset(3)): so a change is seen while the agent runs. What an environment says
 * (`TZ`) is of one process and no machine's, and the agent's is its own.
 *
 * Empty: the machine has a zone, and its name cannot be told. That is not UTC, and is not called
 * so: upgrades in the endpoint's zone would be hours off.
 */
import { dirname, join } from 'node:path'

/** What the machine says; null where there is nothing. */
export type ZoneSays = {
  link(path: string): string | null
  file(path: string): Uint8Array | null
}

const LOCAL_TIME = '/etc/localtime'
const ZONES = '/usr/share/zoneinfo'
const NAME = /^[A-Za-z0-9_+\-/]+$/
const LINKS_MAX = 8
/** zone.tab names four hundred. */
const NAMES_MAX = 1_000

export function zoneOf(says: ZoneSays): string {
  const linked = linkedZone(says)
  if (linked !== null) return linked
  const noted = textOf(says.file('/etc/timezone')).trim()
  if (NAME.test(noted)) return noted
  const local = says.file(LOCAL_TIME)
  return local === null ? 'UTC' : copiedZone(says, local)
}

/** The zone a link such as `../usr/share/zoneinfo/Europe/Berlin` names; null when it names none. */
export function zoneOfLink(target: string): string | null {
  const [, zone] = /\/zoneinfo\/(?:posix\/|right\/)?([A-Za-z0-9_+\-/]+)$/.exec(target) ?? []
  return zone ?? null
}

function linkedZone({ link }: ZoneSays): string | null {
  let path = LOCAL_TIME
  for (let links = 0; links < LINKS_MAX; links += 1) {
    const target = link(path)
    if (target === null) return null
    const zone = zoneOfLink(target)
    if (zone !== null) return zone
    path = join(dirname(path), target)
    if (target.startsWith('/')) path = target
  }
  return null
}

/**
 * Of a copy, as small systems and containers have it: one of the zones with the same rules, of
 * which the first is as good as any.
 */
function copiedZone({ file }: ZoneSays, local: Uint8Array): string {
  // zone.tab: country, place and name, with tabs between them.
  const lines = textOf(file(`${ZONES}/zone.tab`)).split('\n')
  const listed = lines.flatMap((line) => (line.startsWith('#') ? [] : (line.split('\t')[2] ?? [])))
  const names = ['UTC', ...listed].filter((name) => NAME.test(name)).slice(0, NAMES_MAX)
  return names.find((name) => isSame(file(`${ZONES}/${name}`), local)) ?? ''
}

function isSame(zone: Uint8Array | null, local: Uint8Array): boolean {
  return zone !== null && zone.length === local.length && Buffer.compare(zone, local) === 0
}

function textOf(bytes: Uint8Array | null): string {
  return Buffer.from(bytes ?? new Uint8Array()).toString('utf8')
}
