/** Whether a text names a time zone that this browser knows, such as `Europe/Stockholm`. An offset as `+02:00` is no name: others read it the other way round. */
export const isZoneName = (text: string): boolean => {
  if (!/^[a-z]/i.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

/** The zone of this device; UTC where the browser knows its clock only, and gives an offset for a name. */
export const deviceZone = (name = new Intl.DateTimeFormat().resolvedOptions().timeZone): string => (isZoneName(name) ? name : 'UTC')
