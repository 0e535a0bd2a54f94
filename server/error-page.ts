import type { Language } from './export/labels.ts'
import { pageHead } from './page-language.ts'
import { inSwedish } from './swedish-errors.ts'

export interface PageError {
  readonly code: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  readonly id: string
}

const words = {
  en: { toTheLog: 'Go to the audit log', failed: '' },
  sv: { toTheLog: 'Till granskningsloggen', failed: 'Det gick inte.' },
} as const

/**
 * An error for a person whose browser asked for a page. What has no Swedish words, and the detail, which holds what was sent, stays in English and says so.
 * @param mount the path below which the audit log answers; empty at the root
 */
export function errorPage({ code, message, detail, hint, id }: PageError, mount: string, language: Language): string {
  const { toTheLog, failed } = words[language]
  const own = language === 'en' ? { message, hint } : inSwedish(code)
  const title = own?.message ?? failed
  const inEnglish = language === 'en' ? [detail] : own === null ? [message, detail, hint] : [detail]
  const paragraphs = (lines: ReadonlyArray<string | undefined>, attributes = '') => lines.flatMap((line) => (line === undefined ? [] : [`<p${attributes}>${escaped(line)}</p>`]))
  return `${pageHead(language, escaped(title))}
<h1>${escaped(title)}</h1>
${[...paragraphs(inEnglish, language === 'en' ? '' : ' lang="en"'), ...paragraphs([own?.hint])].join('\n')}
<p><a href="${escaped(mount)}/company/audit-log">${toTheLog}</a></p>
<p><small>${escaped(code)} ${escaped(id)}</small></p>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
