/**
 * Writes `test/kubernetes/api.schema.json`: of the OpenAPI document of a Kubernetes API server,
 * what the kinds of our manifests are made of, as a JSON schema that refuses fields it does not
 * know. An API server drops those without a word, so the tests must not.
 *
 * The document is `api/openapi-spec/swagger.json` of a source tree of Kubernetes.
 *
 * Usage: node tools/kubernetes-schema.ts SWAGGER_JSON VERSION
 */
import { readFileSync, writeFileSync } from 'node:fs'

type Schema = { readonly [keyword: string]: unknown }
type Swagger = {
  readonly definitions: Readonly<Record<string, Schema>>
}

const KINDS = {
  Namespace: 'io.k8s.api.core.v1.Namespace',
  ServiceAccount: 'io.k8s.api.core.v1.ServiceAccount',
  Role: 'io.k8s.api.rbac.v1.Role',
  RoleBinding: 'io.k8s.api.rbac.v1.RoleBinding',
  Secret: 'io.k8s.api.core.v1.Secret',
  ConfigMap: 'io.k8s.api.core.v1.ConfigMap',
  DaemonSet: 'io.k8s.api.apps.v1.DaemonSet',
} as const

const ROLLING_UPDATE = 'io.k8s.api.apps.v1.RollingUpdateDaemonSet'
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'
/** Of the server alone: nobody writes them, and they are most of the document. */
const SERVERS_OWN = ['managedFields', 'status']

function strictSchema(swagger: Swagger, version: string): Schema {
  const definitions: Record<string, Schema> = {}
  const take = (name: string): void => {
    if (definitions[name] !== undefined) return
    const found = swagger.definitions[name]
    if (found === undefined) throw new Error(`the document has no ${name}`)
    definitions[name] = {}
    definitions[name] = name === INT_OR_STRING ? { type: ['integer', 'string'] } : strict(found)
  }
  const strict = (schema: Schema): Schema => {
    const reference = /^#\/definitions\/(.+)$/.exec(String(schema.$ref))?.[1]
    if (reference === undefined) return { ...scalarRules(schema), ...partRules(schema, strict) }
    take(reference)
    return { $ref: schema.$ref }
  }
  for (const name of Object.values(KINDS)) take(name)
  return {
    $comment:
      `Of api/openapi-spec/swagger.json of Kubernetes ${version} (Apache-2.0), by ` +
      'tools/kubernetes-schema.ts; maxSurge of a daemon set came with 1.21.',
    kinds: Object.fromEntries(
      Object.entries(KINDS).map(([kind, name]) => [kind, `#/definitions/${name}`]),
    ),
    definitions: withMaxSurge(definitions),
  }
}

function scalarRules({ type, format, required }: Schema): Schema {
  return {
    ...(type === undefined ? {} : { type }),
    ...(format === 'byte' ? { pattern: '^[A-Za-z0-9+/]*={0,2}$' } : {}),
    ...(required === undefined ? {} : { required }),
  }
}

/** A map takes any key, an object those that are named. */
function partRules(schema: Schema, strict: (part: Schema) => Schema): Schema {
  const { items, properties, additionalProperties } = schema
  if (items !== undefined) return { items: strict(items as Schema) }
  if (typeof additionalProperties === 'object') {
    return { additionalProperties: strict(additionalProperties as Schema) }
  }
  if (properties === undefined) return {}
  const fields = Object.entries(properties as Record<string, Schema>)
    .filter(([name]) => !SERVERS_OWN.includes(name))
    .map(([name, field]) => [name, strict(field)])
  return { properties: Object.fromEntries(fields), additionalProperties: false }
}

/** "Perform a Rolling Update on a DaemonSet": as maxUnavailable, a number or a percentage. */
function withMaxSurge(definitions: Readonly<Record<string, Schema>>): Schema {
  const known = definitions[ROLLING_UPDATE]
  const properties = known?.properties as Record<string, Schema> | undefined
  const like = properties?.maxUnavailable
  if (like === undefined) throw new Error('the document has no rolling update of daemon sets')
  return {
    ...definitions,
    [ROLLING_UPDATE]: { ...known, properties: { ...properties, maxSurge: like } },
  }
}

const [path, version] = process.argv.slice(2)
if (path === undefined || version === undefined)
  throw new Error('name the document and its version')
const swagger: Swagger = JSON.parse(readFileSync(path, 'utf8'))
writeFileSync(
  'test/kubernetes/api.schema.json',
  `${JSON.stringify(strictSchema(swagger, version), null, 1)}\n`,
)
