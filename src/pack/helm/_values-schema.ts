/**
 * values.schema.json (Helm, "Schema Files", JSON Schema draft 7): a value that is misspelt is
 * refused, where a template would pass over it.
 */
import { LABEL_KEY, LABEL_VALUE, NAMESPACE } from '../kubernetes/cluster-spec.ts'
import { FLAVOURS } from '../kubernetes/flavours.ts'

type Schema = { readonly [keyword: string]: unknown }

const text: Schema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const quantity: Schema = { type: ['string', 'number'] }
const anyObjects: Schema = { type: 'array', items: { type: 'object' } }
const quantities: Schema = { type: 'object', additionalProperties: quantity }

/** All of them are there: values.yaml says each. */
function exactly(properties: Readonly<Record<string, Schema>>): Schema {
  const required = Object.keys(properties)
  return { type: 'object', additionalProperties: false, required, properties }
}

function listOf(items: Schema, maxItems = 100): Schema {
  return { type: 'array', items, maxItems }
}

const PROPERTIES: Readonly<Record<string, Schema>> = {
  image: exactly({
    reference: { type: 'string', pattern: '@sha256:[0-9a-f]{64}$' },
    architectures: { ...listOf({ enum: ['amd64', 'arm64'] }), minItems: 1 },
  }),
  pullSecret: exactly({ existingSecret: text, dockerConfig: text }),
  enrolment: exactly({
    existingSecret: text,
    serverUrl: { type: 'string', pattern: '^https?://' },
    distributionId: text,
    token: text,
    trustedKeys: listOf(exactly({ keyId: text, publicKey: text })),
  }),
  proxy: listOf({ type: 'string', pattern: ':[0-9]{1,5}$' }, 5),
  endpointTags: listOf({ type: 'string', minLength: 1, maxLength: 128 }),
  clusterName: { type: 'string', maxLength: 255 },
  namespace: exactly({
    create: flag,
    name: { type: 'string', pattern: `^$|${NAMESPACE.source}` },
  }),
  flavour: { enum: FLAVOURS },
  nodeSelector: {
    type: 'object',
    propertyNames: { pattern: LABEL_KEY.source },
    additionalProperties: { type: 'string', pattern: LABEL_VALUE.source },
  },
  runOnMasterNode: flag,
  runOnAllNodes: flag,
  tolerations: anyObjects,
  priorityClassName: text,
  upgrades: flag,
  resources: exactly({ requests: quantities, limits: quantities }),
  seLinuxType: text,
  payload: exactly({
    runAsUser: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
    capabilities: listOf({ type: 'string', pattern: '^[A-Z_]+$' }),
    hostNetwork: flag,
    hostPID: flag,
    volumes: anyObjects,
    volumeMounts: anyObjects,
  }),
}
/** Helm puts it there when the chart is part of another. */
const GLOBAL: Schema = { global: { type: 'object' } }

export function valuesSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...exactly(PROPERTIES),
    properties: { ...PROPERTIES, ...GLOBAL },
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}
