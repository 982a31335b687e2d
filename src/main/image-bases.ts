/**
 * The base layers of container images, which are kept in the repository (tools/oci-base.ts makes
 * them) and read when an image is made.
 */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { type Digest, isDigest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import type { Arch } from '../base/platform.ts'
import type { BaseLayers } from '../pack/oci/image.ts'

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value))
const layer = z.object({ digest, diffId: digest })
const table = z.object({ x64: layer, arm64: layer })

/** Says whenever it is asked what is kept; the layers themselves only when they are wanted. */
export async function readImageBases(): Promise<BaseLayers> {
  try {
    const text = await readFile(placeOf('base.json'), 'utf8')
    const kept = table.parse(JSON.parse(text))
    const layerFor = (arch: Arch) => {
      const read = async () => new Uint8Array(await readFile(placeOf(`${arch}.tar.gz`)))
      return { ...kept[arch], read }
    }
    return { x64: layerFor('x64'), arm64: layerFor('arm64') }
  } catch (cause) {
    const doing = 'reading what container images stand on (assets/oci-base)'
    throw new Fault({ code: 'image-base-unreadable', doing, retry: 'never', cause })
  }
}

function placeOf(file: string): URL {
  return new URL(`../../assets/oci-base/${file}`, import.meta.url)
}
