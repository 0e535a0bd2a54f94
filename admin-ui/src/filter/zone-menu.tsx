import PublicOutlined from '@mui/icons-material/PublicOutlined'
import { Box, Button, Menu, MenuItem } from '@mui/material'
import { type ReactNode, useState } from 'react'
import { useText } from '../text/use-text.ts'
import { zoneChoices } from './address-names.ts'
import { useZone, useZones } from './use-filter.ts'

/** The time zone in which times are shown: the company's, this device's or UTC. */
export const ZoneMenu = (): ReactNode => {
  const text = useText()
  const zones = useZones()
  const { zone, choose } = useZone()
  const choice = zoneChoices.find((each) => zones[each] === zone)
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  return (
    <>
      <Button
        color="inherit"
        startIcon={<PublicOutlined />}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        title={text('zone.label')}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{
          color: 'text.secondary',
          fontWeight: 400,
          minWidth: { xs: 110, sm: 0 },
          flex: { xs: 1, sm: 'none' },
          justifyContent: 'flex-start',
          paddingInline: { xs: 0.5, sm: 1.5 },
        }}
      >
        <Box component="span" sx={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
          {zone.replaceAll('_', ' ')}
        </Box>
      </Button>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        {zoneChoices.map((each) => (
          <MenuItem
            key={each}
            selected={each === choice}
            onClick={() => {
              choose(each)
              setAnchor(null)
            }}
          >
            {text(`zone.${each}`, { zone: zones[each] })}
          </MenuItem>
        ))}
        {choice === undefined && (
          <MenuItem selected onClick={() => setAnchor(null)}>
            {text('zone.link', { zone })}
          </MenuItem>
        )}
      </Menu>
    </>
  )
}
