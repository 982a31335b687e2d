/**
 * The icon of our programs for Windows, and in their list of what is installed, drawn here: a
 * ship's hull between the walls of a dock. An .ico file holds it twice ("Icons", Win32): 32 and 16
 * pixels wide, in 32-bit colours.
 */
import { concatBytes } from '../base/bytes.ts'

export const ICON_NAME = 'drydock.ico'

const SIZES = [32, 16]
/** Blue, green, red, and how much of it is seen. */
const WALL = [0x5a, 0x3c, 0x1e, 0xff]
const HULL = [0x28, 0x6e, 0xe6, 0xff]
const NOTHING = [0, 0, 0, 0]

export function iconBytes(): Uint8Array {
  const images = SIZES.map(imageBytes)
  const head = Buffer.alloc(6 + 16 * SIZES.length)
  head.writeUInt16LE(1, 2) // icons
  head.writeUInt16LE(SIZES.length, 4)
  let at = head.length
  for (const [index, image] of images.entries()) {
    const entry = head.subarray(6 + 16 * index)
    entry.set([SIZES[index] ?? 0, SIZES[index] ?? 0])
    entry.writeUInt16LE(1, 4) // planes
    entry.writeUInt16LE(32, 6) // bits of a pixel
    entry.writeUInt32LE(image.length, 8)
    entry.writeUInt32LE(at, 12)
    at += image.length
  }
  return concatBytes([head, ...images])
}

/** A BITMAPINFOHEADER, the rows from below, and a mask that the fourth byte of a pixel replaces. */
function imageBytes(size: number): Uint8Array {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(header.length, 0)
  header.writeInt32LE(size, 4)
  header.writeInt32LE(2 * size, 8) // picture and mask
  header.writeUInt16LE(1, 12)
  header.writeUInt16LE(32, 14)
  const pixels: number[] = []
  for (let row = size - 1; row >= 0; row -= 1) {
    for (let column = 0; column < size; column += 1) {
      pixels.push(...colourAt((column + 0.5) / size, (row + 0.5) / size))
    }
  }
  const maskRow = 4 * Math.ceil(size / 32)
  return concatBytes([header, Uint8Array.from(pixels), new Uint8Array(maskRow * size)])
}

/** From the left and from above, each from 0 to 1. */
function colourAt(x: number, y: number): readonly number[] {
  const isWall = y > 0.25 && (x < 0.125 || x > 0.875)
  if (isWall || y > 0.875) return WALL
  const halfWidth = 0.3 - Math.max(0, y - 0.5) * 0.6
  const isHull = y > 0.45 && y < 0.78 && Math.abs(x - 0.5) < halfWidth
  const isHouse = y > 0.25 && y <= 0.45 && Math.abs(x - 0.45) < 0.12
  return isHull || isHouse ? HULL : NOTHING
}
