// A service worker for hosts that cannot send headers: it adds to pages and workers the two that allow threads.
// Everything else passes it by. src/threads.ts registers it.
const isolating = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

addEventListener('install', () => skipWaiting())
addEventListener('activate', event => event.waitUntil(clients.claim()))
addEventListener('fetch', event => {
  const { request } = event
  if (request.mode === 'navigate' || request.destination === 'worker') event.respondWith(isolated(request))
})

async function isolated(request) {
  const response = await fetch(request)
  // A redirect that the browser follows itself, or an answer from elsewhere: neither can be given headers.
  if (response.status === 0) return response
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(isolating)) headers.set(name, value)
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}
