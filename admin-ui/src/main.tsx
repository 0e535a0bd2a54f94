import './shell/denied-storage.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { reportOtherViewer } from './access/other-viewer.ts'
import { App, localeOfBrowser, localeOfViewer, makeQueryClient } from './app.tsx'
import { makeDataProvider } from './data-provider.ts'
import { makeStyleCache } from './shell/constructed-sheet.ts'
import type { Locale } from './text/locale.ts'
import { watchVersion } from './version/outdated.ts'

/** How long, in milliseconds, the page waits to learn the viewer's language before it speaks the browser's. */
const patience = 300

const element = document.getElementById('root')
if (element === null) throw new Error('index.html has no element "root".')

const root = createRoot(element)
const dataProvider = makeDataProvider((...request) => window.fetch(...request), reportOtherViewer)
const queryClient = makeQueryClient()
const styleCache = makeStyleCache()

const show = (locale: Locale) =>
  root.render(
    <StrictMode>
      <App key={locale} {...{ dataProvider, queryClient, styleCache, locale }} />
    </StrictMode>,
  )

watchVersion()

const waiting = setTimeout(() => show(localeOfBrowser()), patience)
const locale = await localeOfViewer(dataProvider, queryClient)
clearTimeout(waiting)
show(locale)
