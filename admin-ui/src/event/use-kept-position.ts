import { useEffect, useRef } from 'react'

const store = 'audit-log:position'

type Pages = {
  readonly data: { readonly pages: readonly unknown[] } | undefined
  readonly isPlaceholderData: boolean
  readonly isFetching: boolean
  readonly hasNextPage: boolean
  readonly fetchNextPage: () => unknown
}

type Kept = { readonly search: string; readonly pages: number; readonly top: number }

/** Pages that are loaded again at most; who was deeper begins there. */
const mostPages = 20

const readKept = (search: string): Kept | null => {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(store) ?? 'null')
    if (typeof kept !== 'object' || kept === null || Reflect.get(kept, 'search') !== search) return null
    const [pages, top] = [Number(Reflect.get(kept, 'pages')), Number(Reflect.get(kept, 'top'))]
    return Number.isFinite(pages) && Number.isFinite(top) ? { search, pages: Math.min(pages, mostPages), top } : null
  } catch {
    return null
  }
}

/**
 * Keeps how far somebody has read, for when they come back to the same list: after a reload, from the sign-in, from
 * another page. Where the browser keeps nothing, the list begins at its top.
 */
export const useKeptPosition = (
  search: string,
  { data, isPlaceholderData, isFetching, hasNextPage, fetchNextPage }: Pages,
  isDrawn: boolean,
): void => {
  const wanted = useRef<Kept | null | undefined>(undefined)
  wanted.current ??= readKept(search)
  const pages = data?.pages.length ?? 0

  useEffect(() => {
    // Who scrolls meanwhile knows better where to be.
    const forget = () => {
      wanted.current = null
    }
    const acts = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const
    for (const act of acts) window.addEventListener(act, forget, { passive: true })
    return () => {
      for (const act of acts) window.removeEventListener(act, forget)
    }
  }, [])

  useEffect(() => {
    const kept = wanted.current
    if (!kept || kept.search !== search || pages === 0 || isPlaceholderData || isFetching || !isDrawn) return
    if (pages < kept.pages && hasNextPage) {
      fetchNextPage()
      return
    }
    wanted.current = null
    window.scrollTo({ top: kept.top, behavior: 'instant' })
  }, [search, pages, isPlaceholderData, isFetching, isDrawn, hasNextPage, fetchNextPage])

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const keep = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (wanted.current) return
        try {
          sessionStorage.setItem(store, JSON.stringify({ search, pages, top: window.scrollY }))
        } catch {
          // Without a store the list begins at its top next time.
        }
      }, 150)
    }
    window.addEventListener('scroll', keep, { passive: true })
    return () => {
      clearTimeout(timer)
      window.removeEventListener('scroll', keep)
    }
  }, [search, pages])
}
