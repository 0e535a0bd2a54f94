import type { Request } from 'express'
import type { Language } from './export/labels.ts'

/** The language of a page that the server writes itself: Swedish for whoever would rather have that than English. */
export function pageLanguage(request: Request): Language {
  return request.acceptsLanguages('en', 'sv') === 'sv' ? 'sv' : 'en'
}

/** The beginning of such a page, up to its title; it follows the colours of the browser. @param title already escaped */
export function pageHead(language: Language, title: string): string {
  return `<!doctype html>
<html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title>`
}
