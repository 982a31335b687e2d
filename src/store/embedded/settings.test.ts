import { expect, it } from 'vitest'
import { memorySettings } from './settings.ts'

const GIB = 2 ** 30

it.each([
  { memory: GIB / 2, buffers: '128MB', cache: '512MB' },
  { memory: 2 * GIB, buffers: '128MB', cache: '512MB' },
  { memory: 4 * GIB, buffers: '256MB', cache: '1024MB' },
  { memory: 8 * GIB, buffers: '512MB', cache: '2048MB' },
  { memory: 256 * GIB, buffers: '512MB', cache: '2048MB' },
])(
  'of $memory bytes of memory PostgreSQL keeps $buffers for itself',
  ({ memory, buffers, cache }) => {
    const told = memorySettings(memory)
    expect(told).toEqual({ shared_buffers: buffers, effective_cache_size: cache })
  },
)
