import { CacheProvider, type EmotionCache } from '@emotion/react'
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Admin, localStorageStore, Resource } from 'react-admin'
import { BrowserRouter, Navigate, Route, Routes } from 'react-router-dom'
import { viewerKey, viewerQuery } from './access/use-viewer.ts'
import type { AuditDataProvider } from './data-provider.ts'
import { event } from './event/index.ts'
import { Crash } from './problem/crash.tsx'
import { NoPage } from './problem/no-page.tsx'
import { mount } from './request/address.ts'
import { reasonOf } from './request/request-error.ts'
import { basePath, logPath } from './shell/place.ts'
import { Shell } from './shell/shell.tsx'
import { darkTheme, lightTheme } from './shell/theme.ts'
import { reportOutdated } from './version/outdated.ts'
import { makeI18nProvider } from './text/i18n-provider.ts'
import { type Locale, localeOf } from './text/locale.ts'

/** Milliseconds after which a server that was busy, or was not reached, is asked again. */
const pause = 5_000

/** Whether the next attempt may succeed without anybody doing anything. */
const isPassing = (error: unknown): boolean => ['network', 'busy'].includes(reasonOf(error))

/**
 * Makes the keeper of answers. An answer that may mean "you are not allowed any more" asks again who looks, so that the
 * access gate shows why instead of an error.
 */
export const makeQueryClient = (): QueryClient => {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (reasonOf(error) === 'outdated') reportOutdated()
        const doubtful = ['signed_out', 'refused', 'not_found'].includes(reasonOf(error))
        if (doubtful && query.queryKey[0] !== viewerKey[0]) void client.invalidateQueries({ queryKey: viewerKey })
      },
    }),
    defaultOptions: {
      queries: {
        // Who comes back from another page finds the list as it was.
        gcTime: 30 * 60_000,
        networkMode: 'always',
        refetchOnReconnect: true,
        // A server or a database that was away shows itself again without a click. Another answer is asked for by the screens.
        refetchInterval: ({ state }) => (state.status === 'error' && isPassing(state.error) ? pause : false),
        retry: (failures, error) => failures < 1 && isPassing(error),
      },
    },
  })
  return client
}

type AppProps = {
  readonly dataProvider: AuditDataProvider
  readonly queryClient: QueryClient
  readonly styleCache: EmotionCache
  /** The language to begin with; a choice made earlier in this browser goes before it. */
  readonly locale: Locale
}

/** The screens of the audit log: react-admin with one read-only resource. */
export const App = ({ dataProvider, queryClient, styleCache, locale }: AppProps): ReactNode => {
  const [i18nProvider] = useState(() => makeI18nProvider(locale))
  const [store] = useState(() => localStorageStore(undefined, 'audit-log'))
  return (
    <CacheProvider value={styleCache}>
      {/* The address holds what a checkbox shows: as a transition it would answer a click late. */}
      <BrowserRouter basename={mount} useTransitions={false}>
        <Routes>
          <Route
            path={`${basePath}/*`}
            element={
              <Admin
                disableTelemetry
                basename={basePath}
                dataProvider={dataProvider}
                i18nProvider={i18nProvider}
                queryClient={queryClient}
                store={store}
                theme={lightTheme}
                darkTheme={darkTheme}
                layout={Shell}
                error={Crash}
                catchAll={NoPage}
                title=""
              >
                <Resource {...event} />
              </Admin>
            }
          />
          <Route path="*" element={<Navigate to={logPath} replace />} />
        </Routes>
      </BrowserRouter>
    </CacheProvider>
  )
}

/** The browser's language, or English. */
export const localeOfBrowser = (): Locale => localeOf(navigator.language) ?? 'en'

/** The language of whoever looks; the browser's if that cannot be learned. The access gate shows why it could not. */
export const localeOfViewer = (dataProvider: AuditDataProvider, queryClient: QueryClient): Promise<Locale> =>
  queryClient.fetchQuery(viewerQuery(dataProvider)).then(
    (viewer) => localeOf(viewer.locale) ?? localeOfBrowser(),
    () => localeOfBrowser(),
  )
