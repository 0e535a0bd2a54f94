import type { Response } from 'express'
import { html, toText } from './html.ts'
import type { Html } from './html.ts'
import { kinds } from './kinds.ts'
import type { Person } from './session.ts'

/** What stands around the body of every page. */
export type Page = {
  readonly title: string
  readonly body: Html
  /** The path of the page in the navigation. */
  readonly at?: string
  readonly person?: Person | null
  readonly staffName?: string
  readonly flash?: Html | null
  readonly script?: string
}

const link = (path: string, text: string, at: string | undefined): Html =>
  html`<a href="${path}"${path === at && html` aria-current="page"`}>${text}</a>`

const account = (name: string, belongsTo: string): Html => html`
  <div class="account">
    <p class="who"><bdi>${name}</bdi><small><bdi>${belongsTo}</bdi></small></p>
    <form method="post" action="/sign-out"><button class="plain">Sign out</button></form>
  </div>`

const personBar = ({ name, companyName }: Person, at: string | undefined): Html => html`
  <nav aria-label="Konsultboard">
    ${kinds.map(({ path, many }) => link(`/${path}`, many, at))}
    <span class="gap"></span>
    ${link('/administration/company', 'Administration', at)}
    ${link('/audit-log', 'Audit Log', at)}
  </nav>
  ${account(name, companyName)}`

const staffBar = (name: string): Html => html`
  <nav aria-label="Konsultboard">${link('/admin-tool', 'Admin tool', '/admin-tool')}</nav>
  ${account(name, 'Support staff')}`

/** Sends a whole page. */
export function sendPage(response: Response, { title, body, at, person, staffName, flash, script }: Page): void {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Konsultboard</title>
<link rel="stylesheet" href="/static/style.css">
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
${script !== undefined && html`<script src="${script}" defer></script>`}
</head>
<body>
<header class="bar">
  <a class="brand" href="/"><img src="/static/icon.svg" alt="" width="24" height="24">Konsultboard</a>
  ${person && personBar(person, at)}
  ${staffName !== undefined && staffBar(staffName)}
</header>
<main>
  ${flash && html`<p class="flash" role="status">${flash}</p>`}
  ${body}
</main>
</body>
</html>
`
  response.type('html').send(toText(page))
}
