import { defineAsyncComponent } from 'vue'
import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp({ app }): void {
    app.component('RecipeRunner', defineAsyncComponent(() => import('../../src/components/RecipeRunner.vue')))
    app.component('RecipeCards', defineAsyncComponent(() => import('../../src/components/run/RecipeCards.vue')))
    app.component('Playground', defineAsyncComponent(() => import('../../src/components/Playground.vue')))
  }
}

export default theme
