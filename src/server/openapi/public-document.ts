/** The document of this very server. */
import { PUBLIC_ROUTES } from '../public-api/routes.ts'
import { openApiDocument } from './document.ts'
import { RAW_OPERATIONS } from './raw-operations.ts'

export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(PUBLIC_ROUTES, RAW_OPERATIONS), null, 2)}\n`
}
