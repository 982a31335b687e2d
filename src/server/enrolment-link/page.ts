/** What a phone's browser shows: no script, nothing from elsewhere, and no words of a request. */
import { createHash } from 'node:crypto'
import { LINKED_FILES } from '../../pack/enrolment-link.ts'
import type { HttpAnswer } from '../http/exchange.ts'

export type PageFacts = {
  /** Path of the link; the files are behind it. */
  readonly path: string
  readonly name: string
  readonly version: string
  readonly sha256: string
  /** Android fetches the app for the code over HTTPS only. */
  readonly isOverTls: boolean
}

const STYLE = `body{font:1.1rem/1.5 system-ui,sans-serif}
body{max-width:34rem;margin:2rem auto;padding:0 1rem}
a.get{display:inline-block;padding:.7rem 1.2rem;background:#1f4e79;color:#fff;border-radius:.4rem}
img{max-width:100%;height:auto;image-rendering:pixelated}code{overflow-wrap:anywhere}`

const NEEDS_TLS = `
<p><strong>This does not work yet:</strong> Android downloads the app over HTTPS only, and this
server's address does not begin with https://.</p>`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Whoever has the link can enrol: it is told to nobody, and kept nowhere. */
export const LINK_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
} as const

export function pageAnswer(facts: PageFacts): HttpAnswer {
  const headers = {
    ...LINK_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
  }
  return { status: 200, headers, body: pageText(facts) }
}

function pageText({ path, name, version, sha256, isOverTls }: PageFacts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drydock agent for Android</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Drydock agent for Android</h1>
<p>${escaped(name)}, version ${escaped(version)}. For Android 9 and later.</p>
<h2>A phone that is in use</h2>
<ol>
<li><a class="get" href="${path}/${LINKED_FILES.apk}">Download the app</a></li>
<li>Open the file, and let the browser install it when the phone asks.</li>
<li>Open the app once: it enrols by itself from then on.</li>
</ol>
<h2>A phone that is new or was reset</h2>
<p>Tap its first screen six times and scan this code; the phone is then managed by this server,
and takes upgrades without asking.</p>${isOverTls ? '' : NEEDS_TLS}
<p><img src="${path}/${LINKED_FILES.code}" alt="The code to set up a device with"></p>
<p>For a console that sets devices up:
<a href="${path}/${LINKED_FILES.provisioning}">the same as JSON</a>.</p>
<p>SHA-256 of the app: <code>${escaped(sha256)}</code></p>
<p>Keep this page to yourself: whoever has its address can enrol a device.</p>
</body>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
