/** Whether this is an installed package, which brings no PostgreSQL of its own, and not a checkout. */
export const isPackage = import.meta.filename.endsWith('.js')

/** How a person calls the operator's tool: in a checkout, and where the package is installed. */
export const operatorTool = isPackage ? 'npx audit-log' : 'npm run audit --'

/** What brings the screens where they are missing. */
export const buildScreensHint = isPackage ? 'They belong to the package: install it again.' : 'npm start builds them.'
