/** One column of a list: the name that it has in `rows`, and its heading. */
export type Column = { readonly name: string; readonly heading: string }

/**
 * A kind of thing that Konsultboard keeps. `one` and `many` are what it is called, inside a sentence and above a list.
 * `rows` is the SQL of all of them; every column arrives as text: id, company_id, label (its name), owner (whose it is), and the
 * listed columns. `goesAlong` is the SQL that counts what the database deletes together with the row $1, by name.
 */
export type Kind = {
  readonly name: 'customer' | 'contact' | 'project' | 'role' | 'user' | 'cv'
  readonly path: string
  readonly one: string
  readonly many: string
  readonly table: string
  readonly rows: string
  readonly columns: readonly Column[]
  readonly goesAlong: string | null
  readonly isExportable: boolean
}

export const customers: Kind = {
  name: 'customer',
  path: 'customers',
  one: 'customer',
  many: 'Customers',
  table: 'app.customer',
  rows: `
    select id, company_id, name as label, null as owner, city, website
    from app.customer`,
  columns: [
    { name: 'label', heading: 'Name' },
    { name: 'city', heading: 'City' },
    { name: 'website', heading: 'Website' },
  ],
  goesAlong: `
    select
      (select count(*) from app.contact where customer_id = $1) as contacts,
      (select count(*) from app.project where customer_id = $1) as projects,
      (select count(*) from app.role join app.project on project.id = role.project_id where customer_id = $1) as roles`,
  isExportable: true,
}

export const contacts: Kind = {
  name: 'contact',
  path: 'contacts',
  one: 'contact',
  many: 'Contacts',
  table: 'app.contact',
  rows: `
    select contact.id, customer.company_id, contact.first_name || ' ' || contact.last_name as label,
      customer.name as owner, contact.title, contact.email, contact.phone
    from app.contact join app.customer on customer.id = contact.customer_id`,
  columns: [
    { name: 'label', heading: 'Name' },
    { name: 'owner', heading: 'Customer' },
    { name: 'title', heading: 'Title' },
    { name: 'email', heading: 'E-mail' },
    { name: 'phone', heading: 'Telephone' },
  ],
  goesAlong: null,
  isExportable: true,
}

export const projects: Kind = {
  name: 'project',
  path: 'projects',
  one: 'project',
  many: 'Projects',
  table: 'app.project',
  rows: `
    select project.id, project.company_id, project.name as label, customer.name as owner,
      project.starts_on::text, project.ends_on::text
    from app.project join app.customer on customer.id = project.customer_id`,
  columns: [
    { name: 'label', heading: 'Name' },
    { name: 'owner', heading: 'Customer' },
    { name: 'starts_on', heading: 'From' },
    { name: 'ends_on', heading: 'To' },
  ],
  goesAlong: 'select count(*) as roles from app.role where project_id = $1',
  isExportable: true,
}

export const roles: Kind = {
  name: 'role',
  path: 'roles',
  one: 'role',
  many: 'Roles',
  table: 'app.role',
  rows: `
    select role.id, project.company_id, role.title as label, project.name as owner,
      person.first_name || ' ' || person.last_name as person, role.allocation || ' %' as allocation
    from app.role
    join app.project on project.id = role.project_id
    left join app."user" person on person.id = role.user_id`,
  columns: [
    { name: 'label', heading: 'Role' },
    { name: 'owner', heading: 'Project' },
    { name: 'person', heading: 'Person' },
    { name: 'allocation', heading: 'Share' },
  ],
  goesAlong: null,
  isExportable: false,
}

export const users: Kind = {
  name: 'user',
  path: 'users',
  one: 'user profile',
  many: 'People',
  table: 'app."user"',
  rows: `
    select id, company_id, first_name || ' ' || last_name as label, null as owner, title, email,
      case when is_administrator then 'Administrator' end as access
    from app."user"`,
  columns: [
    { name: 'label', heading: 'Name' },
    { name: 'title', heading: 'Title' },
    { name: 'email', heading: 'E-mail' },
    { name: 'access', heading: 'Access' },
  ],
  goesAlong: `
    select
      (select count(*) from app.cv where user_id = $1) as "CVs",
      (select count(*) from app.role where user_id = $1) as roles`,
  isExportable: false,
}

export const cvs: Kind = {
  name: 'cv',
  path: 'cvs',
  one: 'CV',
  many: 'CVs',
  table: 'app.cv',
  rows: `
    select cv.id, person.company_id, cv.title as label, person.first_name || ' ' || person.last_name as owner,
      case cv.language when 'sv' then 'Swedish' else 'English' end as language,
      to_char(cv.updated_at at time zone 'UTC', 'YYYY-MM-DD') as updated_on
    from app.cv join app."user" person on person.id = cv.user_id`,
  columns: [
    { name: 'label', heading: 'CV' },
    { name: 'owner', heading: 'Person' },
    { name: 'language', heading: 'Language' },
    { name: 'updated_on', heading: 'Updated' },
  ],
  goesAlong: null,
  isExportable: false,
}

/** All kinds, in the order of the navigation. */
export const kinds: readonly Kind[] = [cvs, users, customers, contacts, projects, roles]
