/** What no HTTP library would send: bytes on a socket. */
import { connect } from 'node:net'
import type { Chance } from './chance.ts'

type Exchange = { readonly name: string; readonly bytes: string }

const PATH = '/public_api/v1/distributions/create'

/** Each is sent whole, and then the client has said everything it will. */
export function rawExchange(chance: Chance, credentials: string): Exchange {
  const make = chance.of(EXCHANGES)
  const line = `POST ${PATH} HTTP/1.1\r\nHost: x\r\n${credentials}`
  return make(line)
}

const EXCHANGES: readonly ((line: string) => Exchange)[] = [
  (line) => raw('a length below zero', `${line}Content-Length: -5\r\n\r\n{}`),
  (line) => raw('a length that is no number', `${line}Content-Length: two\r\n\r\n{}`),
  (line) => raw('a length beyond all', `${line}Content-Length: ${'9'.repeat(30)}\r\n\r\n{}`),
  (line) => raw('a length above the limit', `${line}Content-Length: 99999999\r\n\r\n{}`),
  (line) => raw('a body that ends early', `${line}Content-Length: 500\r\n\r\n{"request_data"`),
  (line) => raw('a body that goes on', `${line}Content-Length: 2\r\n\r\n{}{"more":1}`),
  (line) => raw('two lengths', `${line}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
  (line) => raw('length and chunks', `${line}Content-Length: 2\r\n${CHUNKED}0\r\n\r\n`),
  (line) => raw('chunks that are none', `${line}${CHUNKED}zz\r\n{}\r\n0\r\n\r\n`),
  (line) => raw('a chunk that ends early', `${line}${CHUNKED}ff\r\n{}`),
  (line) => raw('a chunk beyond all', `${line}${CHUNKED}${'f'.repeat(20)}\r\n{}`),
  (line) => raw('chunks with extras', `${line}${CHUNKED}2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n`),
  (line) =>
    raw('two codings', `${line}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
  (line) => raw('a coding nobody knows', `${line}Transfer-Encoding: x\r\n\r\n{}`),
  (line) => raw('a header without a name', `${line}: nothing\r\n\r\n`),
  (line) => raw('a header with a NUL', `${line}X: a\0b\r\n\r\n`),
  (line) => raw('a folded header', `${line}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`),
  (line) => raw('lines without a return', `${line.replaceAll('\r', '')}Content-Length: 0\n\n`),
  (line) => raw('headers beyond the limit', `${line}X: ${'x'.repeat(20_000)}\r\n\r\n`),
  (line) => raw('two thousand headers', `${line}${'X: y\r\n'.repeat(2_100)}\r\n`),
  (line) => raw('headers that never end', `${line}X: y\r\n`),
  (line) => raw('a switch of protocols', `${line}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`),
  (line) => raw('an expectation', `${line}Expect: 200-maybe\r\nContent-Length: 0\r\n\r\n`),
  (line) => raw('patience', `${line}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`),
  (line) => raw('another version', `${line.replace('HTTP/1.1', 'HTTP/9.9')}\r\n`),
  (line) =>
    raw('an old version', `${line.replace('HTTP/1.1', 'HTTP/1.0')}Content-Length: 0\r\n\r\n`),
  (line) => raw('no host', `${line.replace('Host: x\r\n', '')}Content-Length: 0\r\n\r\n`),
  (line) => raw('a space in the path', `${line.replace('create', 'cre ate')}\r\n`),
  (line) => raw('a whole address', `${line.replace(PATH, `http://other${PATH}`)}\r\n`),
  () => raw('a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n'),
  () => raw('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'),
  () => raw('a handshake of TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'),
  () => raw('nothing', ''),
  (line) => raw('three at once', `${line}Content-Length: 0\r\n\r\n`.repeat(3)),
]

const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n'

function raw(name: string, bytes: string): Exchange {
  return { name, bytes }
}

/** Everything that came back until the connection ended. */
export function sendRaw(port: number, bytes: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (part: string) => {
    text += part
  })
  const stop = () => {
    socket.destroy()
    reject(new Error('the connection hung'))
  }
  signal.addEventListener('abort', stop, { once: true })
  // A reset is an end like any other: whoever talks nonsense may be cut off.
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    signal.removeEventListener('abort', stop)
    resolve(text)
  })
  socket.on('end', () => socket.end())
  socket.end(Buffer.from(bytes, 'latin1'))
  return promise
}
