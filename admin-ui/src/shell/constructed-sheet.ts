import createCache from '@emotion/cache'
import { type Options, StyleSheet } from '@emotion/sheet'

const globalKey = /-global$/

/**
 * Emotion's style sheet as a constructed one, so that the content security policy can be `style-src 'self'`: emotion's
 * own makes <style> elements, which such a policy blocks, and a nonce would make the page different for every request.
 * Global rules come before all others.
 */
class ConstructedSheet extends StyleSheet {
  private readonly rules = new CSSStyleSheet()

  constructor(options: Options) {
    super(options)
    const sheets = [...document.adoptedStyleSheets]
    if (globalKey.test(options.key)) sheets.unshift(this.rules)
    else sheets.push(this.rules)
    document.adoptedStyleSheets = sheets
  }

  override hydrate(): void {}

  override insert(rule: string): void {
    // Emotion clears a global sheet before it writes a changed one only if the sheet owns elements.
    if (this.tags.length === 0) this.tags.push(document.createElement('style'))
    try {
      this.rules.insertRule(rule, this.rules.cssRules.length)
    } catch (error) {
      // A selector of another browser's, such as ::-moz-focus-inner, is no rule here. Emotion ignores it as well.
      if (!(error instanceof DOMException)) throw error
    }
  }

  override flush(): void {
    this.rules.replaceSync('')
    this.tags = []
  }
}

/** Makes the style cache of the page. */
export const makeStyleCache = () => {
  const cache = createCache({ key: 'css' })
  cache.sheet = new ConstructedSheet({ key: 'css', container: document.head })
  return cache
}
