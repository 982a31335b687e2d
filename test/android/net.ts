/** `java.net` as far as the app speaks to a server: real requests, one for each connection. */

import { type Framework, made, part, type Thing, thrown } from './machine.ts'

type Way = Thing & { host?: string; isDirect?: boolean }

type Connection = Thing & {
  readonly url: string
  readonly way: Way
  readonly headers: Record<string, string>
  body?: Buffer
  answer?: { readonly status: number; readonly headers: Headers; readonly bytes: Buffer }
}

type Stream = { rest: Buffer }

async function answerOf(connection: Connection) {
  if (connection.answer !== undefined) return connection.answer
  const { url, way, headers, body } = connection
  // No proxy answers here: the app is to find its own way.
  if (way.isDirect !== true) throw thrown('Ljava/io/IOException;', `no proxy at ${way.host}`)
  const method = body === undefined ? 'GET' : 'POST'
  const answer = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  }).catch(() => {
    throw thrown('Ljava/io/IOException;', `nobody at ${url}`)
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  connection.answer = { status: answer.status, headers: answer.headers, bytes }
  return connection.answer
}

function nothing(): void {}

export const NET_CALLS: Framework['calls'] = {
  'URL.<init>/1': (self: Thing, url: string) => self.fields.set('url', url),
  'URL.openConnection/1': (self: Thing, way: Way) =>
    made('Ljava/net/HttpURLConnection;', { url: self.fields.get('url'), way, headers: {} }),
  'InetSocketAddress.<init>/2': (self: Thing, host: string, port: number) =>
    self.fields.set('host', `${host}:${port}`),
  'Proxy.<init>/2'(self: Way, _: Thing, address: Thing) {
    self.host = String(address.fields.get('host'))
  },
  'HttpURLConnection.setConnectTimeout/1': nothing,
  'HttpURLConnection.setReadTimeout/1': nothing,
  'HttpURLConnection.setInstanceFollowRedirects/1': nothing,
  'HttpURLConnection.setUseCaches/1': nothing,
  'HttpURLConnection.setDoOutput/1': nothing,
  'HttpURLConnection.disconnect/0': nothing,
  'HttpURLConnection.setRequestProperty/2'(self: Connection, name: string, value: string) {
    self.headers[name] = value
  },
  'HttpURLConnection.getOutputStream/0': (self: Connection) =>
    made('Ljava/io/OutputStream;', {
      take(bytes: Buffer) {
        self.body = Buffer.concat([self.body ?? Buffer.alloc(0), bytes])
      },
    }),
  'HttpURLConnection.getResponseCode/0': async (self: Connection) => (await answerOf(self)).status,
  'HttpURLConnection.getHeaderField/1': async (self: Connection, name: string) =>
    (await answerOf(self)).headers.get(name),
  'HttpURLConnection.getInputStream/0': async (self: Connection) =>
    made('Ljava/io/InputStream;', { rest: (await answerOf(self)).bytes }),
  'HttpURLConnection.getErrorStream/0': async (self: Connection) =>
    made('Ljava/io/InputStream;', { rest: (await answerOf(self)).bytes }),
  'InputStream.read/1'(self: Stream, into: Int8Array) {
    if (self.rest.length === 0) return -1
    const taken = self.rest.subarray(0, into.length)
    part(into, 0, taken.length).set(taken)
    self.rest = self.rest.subarray(taken.length)
    return taken.length
  },
  'InputStream.close/0': nothing,
  'OutputStream.write/1': (self: Sink, bytes: Int8Array) =>
    self.take(copied(bytes, 0, bytes.length)),
  'OutputStream.write/3': (self: Sink, bytes: Int8Array, from: number, length: number) =>
    self.take(copied(bytes, from, length)),
  'OutputStream.close/0': nothing,
  'NetworkInterface.getNetworkInterfaces/0': () => list([made('Ljava/net/NetworkInterface;', {})]),
  'NetworkInterface.getInetAddresses/0': () =>
    list([
      address('Ljava/net/Inet4Address;', '127.0.0.1'),
      address('Ljava/net/Inet6Address;', 'fe80::1%wlan0'),
      address('Ljava/net/Inet4Address;', '192.0.2.7'),
      address('Ljava/net/Inet6Address;', '2001:db8::7'),
    ]),
  'Enumeration.hasMoreElements/0': (self: Listed) => self.left.length > 0,
  'Enumeration.nextElement/0': (self: Listed) => self.left.shift(),
  'InetAddress.isLoopbackAddress/0': ({ text }: Address) => text.startsWith('127.'),
  'InetAddress.isLinkLocalAddress/0': ({ text }: Address) => text.startsWith('fe80:'),
  'InetAddress.getHostAddress/0': ({ text }: Address) => text,
}

type Sink = { readonly take: (bytes: Buffer) => void }
type Listed = { readonly left: Thing[] }
type Address = { readonly text: string }

function copied(bytes: Int8Array, from: number, length: number): Buffer {
  return Buffer.from(part(bytes, from, length))
}

function list(left: Thing[]): Thing & Listed {
  return made('Ljava/util/Enumeration;', { left })
}

function address(type: string, text: string): Thing & Address {
  return made(type, { text })
}
