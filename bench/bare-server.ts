/**
 * What check-ins are measured against: node:http alone, which reads the same body, parses it, and
 * answers with the same bytes. `node bench/bare-server.ts <port> <answer>`.
 */
import { createServer } from 'node:http'

const [port, answer = '{}'] = process.argv.slice(2)
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString())
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    })
    response.end(answer)
  })
})
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'))
