import type {} from 'postgraphile'
import { GraphQLError, NoSchemaIntrospectionCustomRule, type ASTVisitor, type ValidationContext, type ValidationRule } from 'postgraphile/graphql'

export interface DocumentRules {
  /** Whether the schema may be asked for. */
  readonly introspection: boolean
}

/** Refuses documents that ask for the schema, or for anything but to read. How much they may ask for is checked before; see document.ts. */
export function makeLimitsPlugin({ introspection }: DocumentRules): GraphileConfig.Plugin {
  return {
    name: 'AuditLimitsPlugin',
    version: '1.0.0',
    grafserv: {
      middleware: {
        setPreset(next, event) {
          const rules = event.validationRules
          if (!introspection) rules.splice(0, rules.length, ...rules.map(withoutSuggestions), NoSchemaIntrospectionCustomRule)
          rules.push(refuseOtherOperations)
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
