import { defineAsyncComponent } from 'vue'
import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp({ app }): void {
    app.component('RecipeRunner', defineAsyncComponent(() => import('../../src/components/RecipeRunner.vue')))
    app.component('Benchmark', defineAsyncComponent(() => import('../../src/components/Benchmark.vue')))
    app.component('Decisions', defineAsyncComponent(() => import('../../src/components/Decisions.vue')))
    app.component('Papers', defineAsyncComponent(() => import('../../src/components/Papers.vue')))
    app.component('SideBySide', defineAsyncComponent(() => import('../../src/components/SideBySide.vue')))
    app.component('Sizes', defineAsyncComponent(() => import('../../src/components/Sizes.vue')))
    app.component('Spans', defineAsyncComponent(() => import('../../src/components/Spans.vue')))
  }
}

export default theme
