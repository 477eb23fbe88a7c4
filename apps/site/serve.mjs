// Serves the built site: npm run site
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'

/** With these headers a page may have threads; the site works without them, on one. */
const isolating = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** Serves a folder on a port, any free one for 0. */
export async function serve({
  folder = fileURLToPath(new URL('dist', import.meta.url)),
  port = 0,
  isolated = true
} = {}) {
  const files = sirv(folder, {
    extensions: ['html'],
    gzip: true,
    setHeaders: response => {
      if (isolated) for (const [name, value] of Object.entries(isolating)) response.setHeader(name, value)
    }
  })
  const notFound = join(folder, '404.html')
  const server = createServer((request, response) =>
    files(request, response, () => {
      const page = existsSync(notFound)
      response.writeHead(404, {
        'Content-Type': page ? 'text/html; charset=utf-8' : 'text/plain',
        ...(isolated && isolating)
      })
      response.end(page ? readFileSync(notFound) : 'Not found')
    })
  )
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, resolve))
  return {
    url: `http://localhost:${server.address().port}`,
    close: () =>
      new Promise(resolve => {
        server.close(resolve)
        server.closeAllConnections()
      })
  }
}
