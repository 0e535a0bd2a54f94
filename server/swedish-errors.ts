interface Said {
  readonly message: string
  readonly hint?: string
}

const later = 'Försök igen om några sekunder.'
const fromTheProgram = 'Öppna granskningsloggen från programmet igen.'

/** By the code of an error: what a browser can run into that is sent to an address. */
const byCode: Readonly<Record<string, Said>> = {
  NOT_FOUND: { message: 'Här finns ingenting.' },
  NOT_SIGNED_IN: { message: 'Du är inte inloggad.', hint: 'Öppna granskningsloggen från programmet.' },
  BAD_TOKEN: { message: 'Inloggningen från programmet godtas inte.', hint: fromTheProgram },
  SESSION_TOO_LARGE: { message: 'Inloggningen är för stor för webbläsarens kaka.', hint: 'Be dem som sköter programmet att korta namn och nummer i den.' },
  TOKEN_KEYS_UNAVAILABLE: { message: 'Programmets nycklar kan inte läsas just nu.', hint: later },
  FOREIGN_ORIGIN: { message: 'Anropet kommer från en annan webbplats sida.', hint: 'Öppna granskningsloggen från programmet, eller skriv dess adress.' },
  OTHER_VIEWER: { message: 'Någon annan är inloggad än den som sidan öppnades för, eller samma person för ett annat företag.', hint: 'Ladda om sidan.' },
  NOT_ADMINISTRATOR: { message: 'Bara företagets administratörer får läsa dess granskningslogg.', hint: 'Fråga en administratör på ditt företag.' },
  ADD_ON_MISSING: { message: 'Företaget har inte köpt granskningsloggen.', hint: 'Fråga den som säljer den.' },
  COMPANY_UNKNOWN: { message: 'Företaget är inte känt här.', hint: 'Logga in igen från programmet.' },
  SESSION_NOT_ENDED: {
    message: 'Den här webbläsaren är utloggad, men den som har en kopia av sessionen kan fortfarande använda den.',
    hint: 'Databasen kunde inte nås. Logga in och ut igen om några sekunder.',
  },
  BAD_FILTER: { message: 'Urvalet går inte att använda.' },
  BAD_PARAMETER: { message: 'Exporten går inte att göra så.' },
  BAD_REQUEST: { message: 'Anropet går inte att läsa.' },
  TOO_MANY_REQUESTS: { message: 'För många anrop.', hint: 'Försök igen om en minut.' },
  TOO_MANY_EXPORTS: { message: 'För många exporter pågår.', hint: 'Försök igen om en minut.' },
  NOT_RECORDED: { message: 'Exporten kan inte registreras just nu, och börjar därför inte.', hint: 'Försök igen om en minut.' },
  TOO_SLOW: { message: 'Det tog för lång tid och avbröts.', hint: 'Begränsa urvalet, till exempel till en kortare period.' },
  DATABASE_UNAVAILABLE: { message: 'Databasen kan inte nås just nu.', hint: later },
  DATABASE_READ_ONLY: { message: 'Databasen tar inte emot något nytt just nu, så att det inte kan registreras.', hint: 'Försök igen senare.' },
  SERVER_ENDS: { message: 'Servern avslutas, så att ingen export börjar.', hint: later },
  NOT_BUILT: { message: 'Sidorna är inte byggda.' },
  INTERNAL: { message: 'Något gick fel på servern.', hint: 'Orsaken står i dess logg under numret här nedanför.' },
}

/** An error in Swedish, by its code; null for one that has no words of its own. */
export function inSwedish(code: string): Said | null {
  return Object.hasOwn(byCode, code) ? byCode[code] ?? null : null
}
