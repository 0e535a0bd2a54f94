import type {} from 'postgraphile'
import { TYPES } from 'postgraphile/@dataplan/pg'
import { pgSmartTags } from 'postgraphile/utils'

const schema = 'audit'
const tables = ['event']
/** Functions of an entry, by the field that they become. */
const functions: ReadonlyMap<string, string> = new Map([
  ['sentence', 'sentence'], ['sentence_parts', 'sentenceParts'], ['went_along', 'wentAlong'],
  // Not the columns: an ORM that deletes the children first leaves an act that is only joined when it is read.
  ['cause_of', 'causedBy'], ['root_of', 'rootId'], ['top_of', 'root'],
])
const hiddenColumns = ['caused_by', 'root_id', 'has_forerunners']

/**
 * What of schema audit is seen at all: a table or function that is added to the database tomorrow stays unknown to GraphQL
 * until it is named here.
 */
const exposedNamesPlugin: GraphileConfig.Plugin = {
  name: 'AuditExposedNamesPlugin',
  version: '1.0.0',
  inflection: {
    replace: {
      // The key is called id, because there are no global ids that it could be taken for.
      _attributeName: (previous, _preset, details) => previous?.({ ...details, skipRowId: true }) ?? details.attributeName,
    },
  },
  gather: {
    hooks: {
      pgIntrospection_introspection(_info, { introspection: { classes, procs } }) {
        keepOnly(classes, (table) => table.getNamespace()?.nspname !== schema || tables.includes(table.relname))
        keepOnly(procs, (procedure) => procedure.getNamespace()?.nspname !== schema || functions.has(procedure.proname))
      },
      // xid8 has no codec of its own in 5.1. It is a 64-bit number like bigint and is only ever read.
      pgCodecs_findPgCodec(_info, event) {
        if (!event.pgCodec && event.pgType.typname === 'xid8') event.pgCodec = TYPES.bigint
      },
    },
  },
}

/** What is switched on for those names; the default behaviour is "-*". */
const exposedBehaviourPlugin = pgSmartTags([
  { kind: 'class', match: `${schema}.event`, tags: { behavior: '+select +table' } },
  { kind: 'attribute', match: (attribute) => attribute.getClass()?.relname === 'event' && !hiddenColumns.includes(attribute.attname), tags: { behavior: '+select' } },
  ...[...functions].map(([name, fieldName]) => ({ kind: 'procedure' as const, match: `${schema}.${name}`, tags: { behavior: '+typeField', fieldName } })),
])

export const exposurePlugins: GraphileConfig.Plugin[] = [exposedNamesPlugin, exposedBehaviourPlugin]

function keepOnly<Entity>(list: Entity[], wanted: (entity: Entity) => boolean): void {
  list.splice(0, list.length, ...list.filter(wanted))
}
