import type { ReactNode } from 'react'
import { FilterMenu } from '../filter/filter-menu.tsx'
import { useText } from '../text/use-text.ts'
import { ViewsPanel } from './views-panel.tsx'

/** The reader's saved views, and saving what is shown now as one. */
export const ViewsMenu = (): ReactNode => {
  const text = useText()
  return (
    <FilterMenu label={text('view.open')} chosen={0} quiet atEnd>
      {(close) => <ViewsPanel close={close} />}
    </FilterMenu>
  )
}
