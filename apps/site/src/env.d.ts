/// <reference types="vite/client" />

declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  const component: DefineComponent
  export default component
}

interface ImportMetaEnv {
  /** Whether the service worker may give the site threads, as `src/docs/settings.ts` says. */
  readonly THREADS_BY_WORKER: boolean
}
