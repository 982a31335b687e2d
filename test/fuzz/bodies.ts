/** How a value becomes the bytes of a body: rightly, or in one of the ways that bytes go wrong. */
import { gzipSync } from 'node:zlib'
import type { Chance } from './chance.ts'

export type Body = {
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

type Spoiling = (text: string, chance: Chance) => Body

export function bodyFor(value: unknown, chance: Chance, hostility: number): Body {
  const text = JSON.stringify(value) ?? ''
  return chance.is(hostility) ? chance.of(SPOILINGS)(text, chance) : plain(text)
}

function plain(text: string, headers: Body['headers'] = {}): Body {
  return { bytes: Buffer.from(text), headers }
}

const SPOILINGS: readonly Spoiling[] = [
  () => plain(''),
  () => plain(' \r\n\t'),
  () => plain('{}'),
  () => plain('{"request_data":null}'),
  () => plain('[]'),
  () => plain('null'),
  () => plain('"request_data"'),
  () => plain('{"request_data":[]}'),
  (text) => plain(text.slice(0, Math.floor(text.length / 2))),
  (text) => plain(`${text}}`),
  (text) => plain(text.replaceAll('"', "'")),
  (text) => plain(text.replace('{', '{,')),
  (text) => plain(`${text.slice(0, -1)},}`),
  (text) => plain(text.replaceAll(/\d+/g, (digits) => `0${digits}`)),
  (text) => plain(text.replaceAll(/\d+/g, 'NaN')),
  (text) => plain(text.replaceAll(/\d+/g, '1e400')),
  (text) => plain(text.replaceAll(/\d+/g, '9'.repeat(400))),
  (text) => plain(`/* comment */ ${text}`),
  // A key that is there twice: whoever checked the first did not see the second.
  (text) => plain(text.replace(/^\{/, '{"request_data":{},')),
  (text) => plain(text.replace(/"request_data":\{("[^"]+":)/, '"request_data":{$1null,$1')),
  (text) => plain(text.replace(/"request_data":\{/, '"request_data":{"__proto__":{"a":1},')),
  (text) => plain(`{"request_data":${'['.repeat(50_000)}${']'.repeat(50_000)},"a":${text}}`),
  (text) => plain(`{"request_data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)},"b":${text}}`),
  (text) => plain(text.replace(/"(\w)/g, '"\\u0000$1')),
  (text) => plain(text.replace(/"(\w)/g, '"\\ud83d$1')),
  (text) => plain(text.replace(/"(\w)/g, '"\\x$1')),
  (text) => plain(text.replace(/"(\w)/g, '"\n$1')),
  (text) => plain(`\ufeff${text}`),
  (text) => ({ bytes: Buffer.from(text, 'utf16le'), headers: {} }),
  (text) => ({
    bytes: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]),
    headers: { 'content-type': 'application/json; charset=utf-16' },
  }),
  (text) => ({ bytes: Buffer.from(text.replace(/"(\w)/g, '"é$1'), 'latin1'), headers: {} }),
  (text, chance) => ({ bytes: inserted(text, chance.of(BAD_UTF8), chance), headers: {} }),
  (text) => ({ bytes: gzipSync(text), headers: { 'content-encoding': 'gzip' } }),
  // A small body that would be a large one, if anybody unpacked it.
  () => ({ bytes: BOMB, headers: { 'content-encoding': 'gzip' } }),
  (text) => plain(text, { 'content-encoding': 'br' }),
  (text) => plain(text, { 'content-type': 'application/xml' }),
  (text) => plain(text, { 'content-type': 'multipart/form-data; boundary=x' }),
  (text) => plain(text, { 'content-type': 'application/json; charset=utf-7' }),
  (_text, chance) => ({ bytes: noise(chance), headers: {} }),
  (text) => plain(`{"request_data":"${'x'.repeat(1024 * 1024)}","a":${text}}`),
]

/** An over-long slash, a surrogate, a lone continuation, an unfinished sequence, beyond Unicode. */
const BAD_UTF8 = [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80]]

const BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024, ' '))

function inserted(text: string, bytes: readonly number[], chance: Chance): Uint8Array {
  const whole = Buffer.from(text)
  const at = chance.below(whole.length + 1)
  return Buffer.concat([whole.subarray(0, at), Buffer.from(bytes), whole.subarray(at)])
}

function noise(chance: Chance): Uint8Array {
  return Buffer.from(Array.from({ length: chance.below(300) }, () => chance.below(256)))
}
