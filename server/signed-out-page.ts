import type { Language } from './export/labels.ts'
import { pageHead } from './page-language.ts'

const words = {
  en: { title: 'Signed out', said: 'You are signed out of the audit log.' },
  sv: { title: 'Utloggad', said: 'Du är utloggad från granskningsloggen.' },
} as const

/** What a person sees who was signed out by the host application, where that does not say where to go on. */
export function signedOutPage(language: Language): string {
  const { title, said } = words[language]
  return `${pageHead(language, title)}
<h1>${said}</h1>
</html>
`
}
