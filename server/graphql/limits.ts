import type {} from 'postgraphile'
import { GraphQLError, NoSchemaIntrospectionCustomRule, type ASTVisitor, type ValidationContext, type ValidationRule } from 'postgraphile/graphql'

export interface DocumentLimits {
  /** How often fields of Query may stand in one document, under whatever alias: each is a query of its own. */
  readonly rootFields: number
  /** How many fields the whole document may have. Types do not nest in a circle, so that this bounds its depth and its work too. */
  readonly fields: number
  /** Whether the schema may be asked for. */
  readonly introspection: boolean
}

/** Refuses documents that ask for more than a screen can need, or for anything but to read. */
export function makeLimitsPlugin(limits: DocumentLimits): GraphileConfig.Plugin {
  return {
    name: 'AuditLimitsPlugin',
    version: '1.0.0',
    grafserv: {
      middleware: {
        setPreset(next, event) {
          const rules = event.validationRules
          if (!limits.introspection) rules.splice(0, rules.length, ...rules.map(withoutSuggestions), NoSchemaIntrospectionCustomRule)
          rules.push(refuseOtherOperations, (context) => countFields(limits, context))
          return next()
        },
      },
    },
  }
}

/** Keeps a rule from naming what it knows ("Did you mean …?"), which would tell a schema that may not be asked for. */
function withoutSuggestions(rule: ValidationRule): ValidationRule {
  return (context) => {
    const silent: ValidationContext = Object.create(context, { hideSuggestions: { value: true } })
    return rule(silent)
  }
}

/** There is nothing to change and nothing to subscribe to; Grafast itself would only find out when it plans. */
function refuseOtherOperations(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition({ operation }) {
      if (operation === 'query') return
      context.reportError(new GraphQLError(`The audit log is read-only: there is no ${operation}.`, { extensions: { code: 'READ_ONLY' } }))
    },
  }
}

function countFields(limits: DocumentLimits, context: ValidationContext): ASTVisitor {
  let fields = 0
  let rootFields = 0
  return {
    Field() {
      fields += 1
      if (context.getParentType() === context.getSchema().getQueryType()) rootFields += 1
    },
    Document: {
      leave() {
        if (fields > limits.fields) context.reportError(tooLarge(`${fields} fields; ${limits.fields} are allowed`))
        if (rootFields > limits.rootFields) context.reportError(tooLarge(`${rootFields} fields of Query; ${limits.rootFields} are allowed`))
      },
    },
  }
}

function tooLarge(detail: string): GraphQLError {
  return new GraphQLError(`The document has ${detail}.`, { extensions: { code: 'DOCUMENT_TOO_LARGE' } })
}
