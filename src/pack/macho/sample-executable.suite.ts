/** As little of an executable of macOS as has everything that is looked at. */

export const CODE_LENGTH = 4096 * 2 + 1024
export const COMMANDS_LENGTH = 72 * 2 + 16

/** Two segments and the signature of somebody else, which no longer fits. */
export function sampleExecutable(): Buffer {
  const file = Buffer.alloc(CODE_LENGTH + 640, 0x5a)
  const u32 = (at: number, ...values: number[]) => {
    for (const [index, value] of values.entries()) file.writeUInt32LE(value, at + index * 4)
  }
  u32(0, 0xfeedfacf, 0x01000007, 3, 2, 3, COMMANDS_LENGTH, 0x85, 0)
  segment(file, 32, ['__TEXT', 0x1_0000_0000, 0x2000, 0, 0x2000])
  segment(file, 104, ['__LINKEDIT', 0x1_0000_2000, 0x4000, 0x2000, 1024 + 640])
  u32(176, 0x1d, 16, CODE_LENGTH, 640)
  return file
}

type Row = readonly [name: string, address: number, memory: number, offset: number, size: number]

function segment(file: Buffer, at: number, [name, ...places]: Row): void {
  file.fill(0, at, at + 72)
  file.writeUInt32LE(0x19, at)
  file.writeUInt32LE(72, at + 4)
  file.write(name, at + 8, 'latin1')
  for (const [index, place] of places.entries()) {
    file.writeBigUInt64LE(BigInt(place), at + 24 + index * 8)
  }
}
