import type { HttpRoute } from './exchange.ts'

/**
 * The methods of the routes at a path, whatever method was asked for; with or without a trailing
 * slash.
 */
export function allowedMethods(routes: readonly HttpRoute[], path: string): readonly string[] {
  const segments = segmentsOf(path)
  return routes
    .filter((route) => matches(segmentsOf(route.path), segments))
    .flatMap((route) => route.methods)
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => part.startsWith(':') || part === segments[index])
  )
}

function segmentsOf(path: string): readonly string[] {
  return path.replace(/\/$/, '').split('/')
}
