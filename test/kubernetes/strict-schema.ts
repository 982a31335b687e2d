/**
 * What an API server would take, without one: the schema of Kubernetes 1.20 (api.schema.json), made
 * to refuse fields that it does not know. SecurityContextConstraints are OpenShift's and not in it:
 * the fields that we use of them are listed here (OpenShift, "SecurityContextConstraints
 * [security.openshift.io/v1]").
 */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

type Document = {
  readonly kinds: Readonly<Record<string, string>>
  readonly definitions: Readonly<Record<string, object>>
}

const strategy = { type: 'object', additionalProperties: false, properties: { type: {} } }
const texts = { type: 'array', items: { type: 'string' } }
const flag = { type: 'boolean' }
const CONSTRAINTS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    apiVersion: { const: 'security.openshift.io/v1' },
    kind: {},
    metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    allowHostDirVolumePlugin: flag,
    allowHostIPC: flag,
    allowHostNetwork: flag,
    allowHostPID: flag,
    allowHostPorts: flag,
    allowPrivilegeEscalation: flag,
    allowPrivilegedContainer: flag,
    allowedCapabilities: texts,
    readOnlyRootFilesystem: flag,
    requiredDropCapabilities: texts,
    runAsUser: strategy,
    seLinuxContext: strategy,
    fsGroup: strategy,
    supplementalGroups: strategy,
    seccompProfiles: texts,
    users: texts,
    groups: texts,
    volumes: texts,
  },
}

const { kinds, definitions }: Document = JSON.parse(
  readFileSync(new URL('api.schema.json', import.meta.url), 'utf8'),
)
const all = { ...definitions, SecurityContextConstraints: CONSTRAINTS }
const places: Readonly<Record<string, string>> = {
  ...kinds,
  SecurityContextConstraints: '#/definitions/SecurityContextConstraints',
}
// Quantities and the like say their format for people only.
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })

/** What is wrong with an object, with the place of each; empty: nothing. */
export function flawsOf(object: { readonly kind: string }): readonly string[] {
  const place = places[object.kind]
  if (place === undefined) return [`there is no kind ${object.kind}`]
  const validate = ajv.compile({ $ref: place, definitions: all })
  if (validate(object)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}
