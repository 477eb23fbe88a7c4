import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'

// Files named *.browser.test.ts run in Debian's Chromium, with WebGPU in software. With ISOLATED=1 pages are isolated
// from other origins, and may have threads.
const headers = process.env.ISOLATED
  ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
  : {}

export default defineConfig({
  resolve: { conditions: ['@lapstrake/source', 'browser', 'import', 'module', 'default'] },
  server: { headers },
  optimizeDeps: {
    include: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-webgpu']
  },
  test: {
    include: ['packages/**/src/**/*.browser.test.ts', 'docs/**/*.browser.test.ts'],
    testTimeout: 300_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: '/usr/bin/chromium',
          args: [
            '--no-sandbox',
            '--headless=new',
            '--enable-unsafe-webgpu',
            '--use-webgpu-adapter=swiftshader',
            '--enable-features=Vulkan',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--no-first-run',
            '--disable-quic'
          ]
        }
      }),
      instances: [{ browser: 'chromium' }]
    }
  }
})
