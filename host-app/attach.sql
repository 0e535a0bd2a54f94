-- This is all that a developer writes to attach the audit log to Konsultboard. It may run again.
select audit.track('app.customer', 'customer', '{name}', company => 'company_id');
select audit.track('app.contact', 'contact', '{first_name} {last_name}', company => 'customer_id.company_id', owner => 'customer_id');
select audit.track('app.project', 'project', '{name}', company => 'company_id', owner => 'customer_id');
select audit.track('app.role', 'role', '{title}', company => 'project_id.company_id', owner => 'project_id');
select audit.track('app."user"', 'user', '{first_name} {last_name}', company => 'company_id', mask => '{password_hash}');
select audit.track('app.cv', 'cv', '{title}', company => 'user_id.company_id', owner => 'user_id');

-- The logins of the application may say who acts and report an export, nothing else.
grant audit_app to consultant_app, consultant_api, consultant_admin_tool, consultant_job;

-- Who may read: the administrators of a company that has bought the add-on.
select audit.read_access_from('app.company_administrator', 'app.company_access');

-- These logins can only ever be one source, whatever they say.
select audit.bind_source('consultant_api', 'api');
select audit.bind_source('consultant_admin_tool', 'admin');
select audit.bind_source('consultant_job', 'system');
