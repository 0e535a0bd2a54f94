/** A block of code in a Markdown page. */
export type CodeBlock = { language: string, code: string }

/** The fenced blocks of code of a page, in their order. */
export function codeBlocks(page: string): CodeBlock[] {
  return [...page.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = '', code = '']) => ({ language, code }))
}
