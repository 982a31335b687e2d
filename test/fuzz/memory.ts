/** How much memory this process holds when nothing is thrown away yet to be collected. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export type Memory = { readonly rssMb: number; readonly heapMb: number }

const MB = 1024 * 1024

export function memoryNow(): Memory {
  collect()
  const { rss, heapUsed } = process.memoryUsage()
  return { rssMb: Math.round(rss / MB), heapMb: Math.round(heapUsed / MB) }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
