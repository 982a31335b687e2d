import { access, constants } from 'node:fs/promises'

export async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK)
    return true
  } catch {
    // Best effort: why it cannot be read, its owner can find out.
    return false
  }
}
