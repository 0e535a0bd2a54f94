import { tellings } from './health-told.ts'

const { it, told } = tellings('What is not as released')

const up = 'create table public.up (like audit.event); alter table audit.event inherit public.up; grant select, update, delete on public.up to public'
told('a table above the entries is told, by which everybody could read and change them', { does: up, undo: 'alter table audit.event no inherit public.up', check: 'definitions', status: 'failed',
  finding: /audit\.event is a part of public\.up: .*alter table audit\.event no inherit public\.up\./ })
told('a table above the entries is a change of their definition too', { does: up, undo: 'alter table audit.event no inherit public.up', check: 'definitions', status: 'failed', finding: /relation audit\.event was changed/ })
told('row-level security that is forced upon the owner is told', { does: 'alter table audit.event force row level security', undo: 'alter table audit.event no force row level security', check: 'definitions', status: 'failed', finding: /relation audit\.event was changed/ })
const exportCall = 'audit.record_export(text, bigint, text, jsonb, text, text)'
told('a function that answers nothing for NULL is told', { does: `alter function ${exportCall} strict`, undo: `alter function ${exportCall} called on null input`, check: 'definitions', status: 'failed', finding: /function audit\.record_export.* was changed/ })
told('a function that is marked leakproof is told as changed', { does: `alter function ${exportCall} leakproof`, undo: `alter function ${exportCall} not leakproof`, check: 'definitions', status: 'failed', finding: /function audit\.record_export.* was changed/ })
told('a function that may run in parallel is told', { does: `alter function ${exportCall} parallel safe`, undo: `alter function ${exportCall} parallel unsafe`, check: 'definitions', status: 'failed', finding: /function audit\.record_export.* was changed/ })
const withDefault = (of: string, is: string): string => `do $$ declare code text := pg_get_functiondef('audit.act_as(text, text, text, text, text, text, text)'::regprocedure); begin
  assert code like '%source text DEFAULT ''${of}''%'; execute replace(code, 'source text DEFAULT ''${of}''', 'source text DEFAULT ''${is}'''); end $$`
told('an argument that is something else when it is left out is told', { does: withDefault('app', 'job'), undo: withDefault('job', 'app'), check: 'definitions', status: 'failed', finding: /function audit\.act_as.* was changed/ })
told('a type of the log that was given another part is told', { does: 'alter type audit_private.context add attribute z int', undo: 'alter type audit_private.context drop attribute z', check: 'definitions', status: 'failed', finding: /type audit_private\.context was changed/ })
told('a type that was added is told', { does: `create type audit_private.mood as enum ('good')`, undo: 'drop type audit_private.mood', check: 'definitions', status: 'failed', finding: /type audit_private\.mood was added/ })

it.run()
