import { withPgClient } from 'postgraphile/@dataplan/pg'
import { constant } from 'postgraphile/grafast'
import { extendSchema, gql } from 'postgraphile/utils'
import { parseViewer, viewerQuery } from '../viewer.ts'

/** `Query.viewer`: who asks, for which company, and whether and why not the log may be read. */
export const viewerPlugin = extendSchema((build) => {
  const executor = build.input.pgRegistry.pgExecutors['main']
  if (!executor) throw new Error('The service "main" has no executor: it is made in server/graphql/preset.ts')
  return {
    typeDefs: gql`
      extend type Query {
        "Who asks, for which company, and whether the log may be read."
        viewer: Viewer
      }

      "Whoever asks, as the database knows them."
      type Viewer {
        "Identifier in the host application; null when nobody is signed in."
        viewerId: String
        viewerName: String
        "Language: en or sv."
        locale: String!
        companyId: String
        companyName: String
        "Time zone in which the days of the company begin and end."
        timeZone: String!
        "Whom to ask for the add-on."
        contact: String
        access: Access!
      }

      "Whether the log may be read, and if not, why."
      enum Access {
        "It may."
        granted
        "Nobody is signed in, or the session has ended."
        not_signed_in
        "The company of the session is not known."
        company_unknown
        "The person does not administer this company."
        not_administrator
        "The company has not bought the audit log. It is recorded all the same."
        add_on_missing
      }
    `,
    objects: {
      Viewer: { assertStep: () => true },
      Query: {
        plans: {
          viewer: () => withPgClient(executor, constant(null), async (client) => {
            const { rows } = await client.query({ text: viewerQuery })
            return parseViewer(rows[0])
          }),
        },
      },
    },
  }
}, 'AuditViewerPlugin')
