import CloudOffOutlined from '@mui/icons-material/CloudOffOutlined'
import NewReleasesOutlined from '@mui/icons-material/NewReleasesOutlined'
import { Box, Button, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import { useOutdated } from '../version/outdated.ts'
import { useOnline } from './use-online.ts'

const Banner = ({ icon, words, action }: { icon: ReactNode; words: string; action?: ReactNode }): ReactNode => (
  <Box
    sx={{
      display: 'flex',
      flexWrap: 'wrap',
      alignItems: 'center',
      columnGap: 1.25,
      px: 'max(16px, calc((100% - 1120px) / 2))',
      py: 0.5,
      minHeight: 40,
      bgcolor: 'action.selected',
      borderBottom: 1,
      borderColor: 'divider',
      '& svg': { flex: 'none' },
    }}
  >
    {icon}
    <Typography variant="body2" sx={{ flex: '1 1 200px', maxWidth: 'fit-content' }}>
      {words}
    </Typography>
    {action}
  </Box>
)

/** What is true of the whole page: that the device is offline, and that there is a new version of the screens. */
export const Banners = (): ReactNode => {
  const text = useText()
  const online = useOnline()
  const outdated = useOutdated()
  return (
    <div role="status">
      {!online && <Banner icon={<CloudOffOutlined fontSize="small" />} words={text('offline.text')} />}
      {outdated && (
        <Banner
          icon={<NewReleasesOutlined fontSize="small" />}
          words={text('version.notice')}
          action={<Button onClick={() => window.location.reload()}>{text('version.reload')}</Button>}
        />
      )}
    </div>
  )
}
