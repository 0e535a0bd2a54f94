import { auditLog } from '../data-provider.ts'
import { AuditLogPage } from './audit-log-page.tsx'

/** The one resource of the screens. It has a list and nothing that writes. */
export const event = { name: auditLog, list: AuditLogPage }
