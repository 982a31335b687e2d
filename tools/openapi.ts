/**
 * Writes `api/openapi.json`, the OpenAPI document of the public API, from the calls in the code.
 *
 * Usage: node tools/openapi.ts
 */
import { writeFileSync } from 'node:fs'
import { openApiText } from '../src/server/openapi/public-document.ts'

writeFileSync('api/openapi.json', openApiText())
