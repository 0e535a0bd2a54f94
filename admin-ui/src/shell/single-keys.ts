import { useStore } from 'react-admin'

/**
 * Whether `/`, `j`, `k` and `?` do something, and how to change that: who speaks to the computer, or hits keys by
 * chance, can switch them off (WCAG 2.1.4). Kept in this browser.
 */
export const useSingleKeys = (): [boolean, (on: boolean) => void] => {
  const [kept, keep] = useStore<string>('keys.single', 'on')
  return [kept !== 'off', (on) => keep(on ? 'on' : 'off')]
}

/** The key of an event; whether Caps Lock is on does not matter. */
export const keyOf = ({ key }: { readonly key: string }): string => key.toLowerCase()
