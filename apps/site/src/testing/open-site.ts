import { chromium, type Browser, type BrowserContext } from 'playwright-core'
import { serve } from '../../serve.mjs'

export interface OpenSite {
  readonly url: string
  readonly browser: Browser
  readonly context: BrowserContext
  /** What pages complained about on their console, and errors that nobody caught. */
  readonly complaints: string[]
  close(): Promise<void>
}

export interface OpenSiteOptions {
  /** Whether pages may have threads. */
  readonly isolated?: boolean
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
}

/** Serves the built site and opens Debian's Chromium, with WebGPU in software. */
export async function openSite({ isolated = true, width = 1280, height = 900, dark = false }: OpenSiteOptions = {}): Promise<OpenSite> {
  const { url, close } = await serve({ isolated })
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--headless=new', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'
    ]
  })
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' })
  const complaints: string[] = []
  context.on('console', message => { if (message.type() === 'error') complaints.push(`${message.page()?.url()}: ${message.text()}`) })
  context.on('weberror', error => { complaints.push(`${error.page()?.url()}: ${error.error().message}`) })
  return {
    url, browser, context, complaints,
    async close() {
      await browser.close()
      await close()
    }
  }
}
