/**
 * The conversation with the service control manager. `StartServiceCtrlDispatcherW` blocks the
 * thread that calls it until the service has stopped, so it gets a thread of its own: it takes one
 * pointer and returns 32 bits, which is what CreateThread starts, so the thread runs it and nothing
 * of ours. Its calls of us come from other threads and are handed over to ours.
 *
 * Constants and layouts: "Service Functions" and "SERVICE_STATUS" of Microsoft's Win32 API
 * documentation, winsvc.h of the Windows SDK.
 */
import type { Functions } from 'bun:ffi'
import type { Clock } from '../../../base/clock.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { failedCall, wide } from './win32.ts'

const OWN_PROCESS = 0x10
const STOPPED = 1
const START_PENDING = 2
const STOP_PENDING = 3
const RUNNING = 4
/** SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN. */
const ACCEPTS = 0x1 | 0x4
const CONTROL_STOP = 1
const CONTROL_SHUTDOWN = 5
const ERROR_SERVICE_SPECIFIC = 1066
/** The system gives a service 30 s to connect; who is no service is told at once. */
const CONNECT_MS = 30_000
const ASK_EVERY_MS = 20

const ADVAPI = {
  RegisterServiceCtrlHandlerExW: { args: ['ptr', 'ptr', 'ptr'], returns: 'u64' },
  SetServiceStatus: { args: ['u64', 'ptr'], returns: 'i32' },
} as const
const KERNEL = {
  GetModuleHandleW: { args: ['ptr'], returns: 'u64' },
  GetProcAddress: { args: ['u64', 'ptr'], returns: 'u64' },
  CreateThread: { args: ['ptr', 'u64', 'u64', 'ptr', 'u32', 'ptr'], returns: 'u64' },
  WaitForSingleObject: { args: ['u64', 'u32'], returns: 'u32' },
  GetLastError: { args: [], returns: 'u32' },
} as const

/** What the other threads read: out of the collector's reach for as long as the process lives. */
const KEPT: unknown[] = []

export type Service = {
  /** Started means ready: the manager tells it to who waits. */
  isRunning(): void
  /** Told before a stop that takes its time. */
  isStopping(withinMs: number): void
  /** `code` 0 is a good end; the manager shows another one as the service's own. */
  hasStopped(code: number): void
}

export type ServiceNeeds = {
  readonly name: string
  readonly clock: Clock
  /** Told to stop, by a person, an installer, or because the machine goes down. */
  onStop(): void
}

/** Refused when it was not the service control manager that started this process. */
export async function connectService(
  needs: ServiceNeeds,
): Promise<Result<Service, { readonly code: 'not-a-service' }>> {
  const { dlopen, JSCallback, ptr } = await import('bun:ffi')
  const advapi = dlopen('advapi32.dll', ADVAPI).symbols
  const kernel = dlopen('kernel32.dll', KERNEL).symbols
  const name = wide(needs.name)
  let isMain = false
  const onMain = () => {
    isMain = true
    return undefined
  }
  const main = new JSCallback(onMain, { args: ['u32', 'ptr'], returns: 'void', threadsafe: true })
  const onControl = (control = 0) => {
    if (control === CONTROL_STOP || control === CONTROL_SHUTDOWN) needs.onStop()
    return 0
  }
  const handler = new JSCallback(onControl, {
    args: ['u32', 'u32', 'ptr', 'ptr'],
    returns: 'u32',
    threadsafe: true,
  })
  // SERVICE_TABLE_ENTRYW: name and ServiceMain; an empty entry ends the table.
  const table = new BigUint64Array([BigInt(ptr(name)), BigInt(main.ptr), 0n, 0n])
  const thread = startDispatcher(kernel, table)
  for (let waited = 0; !isMain; waited += ASK_EVERY_MS) {
    const hasEnded = kernel.WaitForSingleObject(thread, 0) === 0
    if (hasEnded || waited > CONNECT_MS) return refuse({ code: 'not-a-service' })
    await needs.clock.sleep(ASK_EVERY_MS).done
  }
  const handle = advapi.RegisterServiceCtrlHandlerExW(name, handler.ptr, null)
  if (handle === 0n) {
    throw failedCall('registering for service controls', kernel.GetLastError())
  }
  KEPT.push(table, name, main, handler)
  return accept(serviceOf(advapi, handle))
}

function startDispatcher(kernel: Functions<typeof KERNEL>, table: BigUint64Array): bigint {
  const library = kernel.GetModuleHandleW(wide('advapi32.dll'))
  const dispatcher = Buffer.from('StartServiceCtrlDispatcherW\0', 'latin1')
  const address = kernel.GetProcAddress(library, dispatcher)
  const thread = address === 0n ? 0n : kernel.CreateThread(null, 0n, address, table, 0, null)
  if (thread === 0n) throw failedCall('starting the service dispatcher', kernel.GetLastError())
  return thread
}

function serviceOf(advapi: Functions<typeof ADVAPI>, handle: bigint): Service {
  let checkPoint = 0
  const tell = (state: number, more: { accepts?: number; code?: number; withinMs?: number }) => {
    const { accepts = 0, code = 0, withinMs = 0 } = more
    const isPending = state === START_PENDING || state === STOP_PENDING
    checkPoint = isPending ? checkPoint + 1 : 0
    const exit = code === 0 ? 0 : ERROR_SERVICE_SPECIFIC
    const status = [OWN_PROCESS, state, accepts, exit, code, checkPoint, withinMs]
    advapi.SetServiceStatus(handle, new Uint32Array(status))
  }
  tell(START_PENDING, { withinMs: CONNECT_MS })
  return {
    isRunning: () => tell(RUNNING, { accepts: ACCEPTS }),
    isStopping: (withinMs) => tell(STOP_PENDING, { withinMs }),
    hasStopped: (code) => tell(STOPPED, { code }),
  }
}
