/**
 * The documentation of the API, for programs at `/openapi.json` and for people at `/docs`. Anybody
 * may read it: it says what every installation of this version can do, and nothing of this one.
 *
 * Each file of the viewer is a route of its own, so a path is either one of them or nothing; their
 * path names their content, so browsers ask once. Nothing is fetched from elsewhere, no script or
 * style stands in the page, and the page may not be framed.
 */
import { digestOf } from '../../base/digest.ts'
import type { HttpRoute } from '../http/exchange.ts'
import { type StaticContent, staticAnswer, textContent } from '../http/static-answer.ts'
import { openApiText } from './public-document.ts'
import type { ViewerFile } from './viewer-file.ts'

/** What a page of ours may do. `data:` is how the viewer's style sheet draws its arrows. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Without a viewer there is the document alone. */
export function documentationRoutes(viewer: readonly ViewerFile[]): readonly HttpRoute[] {
  const document = route('/openapi.json', () => textContent(openApiText(), 'application/json'))
  if (viewer.length === 0) return [document]
  const files = [...viewer, START].map((file) => ({ ...file, path: pathOf(file) }))
  const page = route('/docs', () => ({
    ...textContent(pageOf(files), 'text/html; charset=utf-8'),
    headers: { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' },
  }))
  const immutable = { 'cache-control': 'public, max-age=31536000, immutable' }
  return [
    document,
    page,
    ...files.map(({ path, bytes, contentType }) =>
      route(path, () => ({ bytes, contentType, headers: immutable })),
    ),
  ]
}

function route(path: string, make: () => StaticContent): HttpRoute {
  return { methods: ['GET', 'HEAD'], path, logLevel: 'debug', answer: staticAnswer(make) }
}

/** Runs the viewer on our document. It sends nothing anywhere but to this server. */
const START: ViewerFile = {
  name: 'start.js',
  ...textContent(
    [
      // The viewer's style sheet has both, and leaves it to the page which it is.
      "const dark = window.matchMedia('(prefers-color-scheme: dark)')",
      "const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)",
      "dark.addEventListener('change', follow)",
      'follow()',
      'window.SwaggerUIBundle({',
      "  url: '/openapi.json',",
      "  dom_id: '#viewer',",
      '  validatorUrl: null,',
      '  deepLinking: true,',
      '  filter: true,',
      "  docExpansion: 'list',",
      '  defaultModelsExpandDepth: 0,',
      '  persistAuthorization: false,',
      '})',
      '',
    ].join('\n'),
    'text/javascript; charset=utf-8',
  ),
}

function pathOf({ name, bytes }: ViewerFile): string {
  return `/docs/${digestOf(bytes).slice(0, 16)}/${name}`
}

type PlacedFile = ViewerFile & { readonly path: string }

function pageOf(files: readonly PlacedFile[]): string {
  const styles = files
    .filter(({ name }) => name.endsWith('.css'))
    .map(({ path }) => `<link rel="stylesheet" href="${path}">`)
  const scripts = files
    .filter(({ name }) => name.endsWith('.js'))
    .map(({ path }) => `<script src="${path}" defer></script>`)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Drydock public API</title>',
    '<link rel="icon" href="data:,">',
    ...styles,
    ...scripts,
    '</head>',
    '<body>',
    '<noscript>This page needs JavaScript; <a href="/openapi.json">the document</a> does not.',
    '</noscript>',
    '<main id="viewer"></main>',
    '</body>',
    '</html>',
    '',
  ].join('\n')
}
