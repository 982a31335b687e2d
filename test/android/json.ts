/** `org.json` as Android has it: keys in the order they were put, and "/" escaped. */
import { type Framework, type Thing, thrown } from './machine.ts'

export const NULL = { type: 'LNull;', fields: new Map() }

type Holder = Thing & { json?: Record<string, unknown>; list?: unknown[] }

const EXCEPTION = 'Lorg/json/JSONException;'

function objectIn(self: Holder): Record<string, unknown> {
  self.json ??= {}
  return self.json
}

function listIn(self: Holder): unknown[] {
  self.list ??= []
  return self.list
}

function plain(value: unknown): unknown {
  if (value === NULL) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null || !('type' in value)) return value
  const holder = value as Holder // Everything with a type here is one of these.
  if (holder.type === 'Lorg/json/JSONArray;') return listIn(holder).map(plain)
  return Object.fromEntries(
    Object.entries(objectIn(holder)).map(([key, each]) => [key, plain(each)]),
  )
}

function wrap(value: unknown): unknown {
  if (value === null) return NULL
  if (Array.isArray(value)) return array(value.map(wrap))
  if (typeof value !== 'object') return value
  return object(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, wrap(each)])))
}

function object(json: Record<string, unknown>): Holder {
  return { type: 'Lorg/json/JSONObject;', fields: new Map(), json }
}

function array(list: unknown[]): Holder {
  return { type: 'Lorg/json/JSONArray;', fields: new Map(), list }
}

/** As if it had been read. */
export function jsonOf(value: object): Thing {
  return parse(JSON.stringify(value))
}

function parse(text: string): Holder {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    throw thrown(EXCEPTION, 'no JSON')
  }
  if (typeof read !== 'object' || read === null) throw thrown(EXCEPTION, 'no object')
  return wrap(read) as Holder // An object is wrapped as one.
}

function put(self: Holder, name: string, value: unknown): Holder {
  if (value === null) delete objectIn(self)[name]
  else objectIn(self)[name] = value
  return self
}

function get(self: Holder, name: string): unknown {
  const value = objectIn(self)[name]
  if (value === undefined) throw thrown(EXCEPTION, `No value for ${name}`)
  return value
}

export const JSON_CALLS: Framework['calls'] = {
  'JSONObject.<init>/0': (self: Holder) => objectIn(self),
  'JSONObject.<init>/1'(self: Holder, text: string) {
    self.json = objectIn(parse(text))
  },
  'JSONObject.put/2': put,
  'JSONObject.putOpt/2': (self: Holder, name: string, value: unknown) =>
    value === null ? self : put(self, name, value),
  'JSONObject.getString/1': (self: Holder, name: string) => {
    const value = get(self, name)
    return value === NULL ? 'null' : String(value)
  },
  'JSONObject.getInt/1': get,
  'JSONObject.getJSONObject/1': get,
  'JSONObject.length/0': (self: Holder) => Object.keys(objectIn(self)).length,
  'JSONObject.optBoolean/2': (self: Holder, name: string, otherwise: boolean) =>
    objectIn(self)[name] ?? otherwise,
  'JSONObject.optString/2': (self: Holder, name: string, otherwise: string) => {
    const value = objectIn(self)[name]
    // As Android has it: JSON's null is the text.
    return value === NULL ? 'null' : (value ?? otherwise)
  },
  'JSONObject.optJSONArray/1': (self: Holder, name: string) => objectIn(self)[name],
  'JSONObject.toString/0': (self: Holder) => JSON.stringify(plain(self)).replaceAll('/', '\\/'),
  'JSONArray.<init>/0': (self: Holder) => listIn(self),
  'JSONArray.length/0': (self: Holder) => listIn(self).length,
  'JSONArray.getString/1': (self: Holder, at: number) => listIn(self)[at],
  'JSONArray.put/1'(self: Holder, value: unknown) {
    listIn(self).push(value)
    return self
  },
}
