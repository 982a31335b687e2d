/** Reads archives back with code that is not ours: node's gunzip and the tar-stream package. */
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'

export type ReadEntry = {
  readonly path: string
  readonly type: string
  readonly mode: number
  /** The user's number. */
  readonly owner: number
  readonly modified: number
  readonly linkTarget: string
  readonly bytes: Uint8Array
}

export async function readTarGz(bytes: Uint8Array): Promise<readonly ReadEntry[]> {
  const reader = extract()
  const entries: ReadEntry[] = []
  reader.end(gunzipSync(bytes))
  for await (const entry of reader) {
    const parts: Uint8Array[] = []
    for await (const part of entry) parts.push(part as Uint8Array)
    const { header } = entry
    entries.push({
      path: header.name.replace(/^\.\//, '').replace(/\/$/, ''),
      type: header.type ?? '',
      mode: header.mode ?? -1,
      owner: header.uid ?? -1,
      modified: (header.mtime?.getTime() ?? -1) / 1000,
      linkTarget: header.linkname ?? '',
      bytes: Buffer.concat(parts),
    })
  }
  return entries
}
