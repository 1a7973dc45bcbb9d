import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readWorkload } from '../../src/evidence/workload/read.js'
import { createDependentFinder } from '../../src/fix/dependents.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const SCHEMA = `
  create table invoice (id bigint primary key, total float8, tax float8, note text,
    doubled float8 generated always as (total * 2) stored, noted text generated always as (note || '!') stored);
  create table line (id bigint primary key, invoice_id bigint references invoice, total numeric);
  create view sums as select id, total from invoice;
  create view over_sums as select * from sums;
  create view lines as select id, total from line;
  create materialized view taxes as select sum(tax) from invoice;
  create function declared(k bigint) returns float8 language sql begin atomic select i.total from invoice i where i.id = k; end;
  create function worded(k bigint) returns float8 language sql as 'select total from invoice where id = k';
  create function of_lines() returns numeric language sql as 'select sum(total) from line';
  create function whole() returns setof invoice language sql as 'select * from invoice';
  create function procedural() returns void language plpgsql as $$
    declare r record; amount float8;
    begin
      for r in select id, note from invoice loop null; end loop;
      amount := (select i.total from public.invoice i limit 1);
    end $$;
  create function innocent() returns void language plpgsql as $$ declare total int := 1; begin perform total; perform l.total from line l; end $$;
  create function writing() returns void language plpgsql as $$ begin insert into invoice (id, total) values (1, 1) on conflict (id) do update set note = ''; end $$;
  create function dynamic() returns void language plpgsql as $$ begin execute 'select total from ' || 'invoice'; end $$;
  create function touch() returns trigger language plpgsql as $$ begin if new.total > old.total then new.note := 'more'; end if; return new; end $$;
  create trigger touched before update on invoice for each row execute function touch();
  create trigger watched after update of total on invoice for each row execute function touch();
  create trigger touched_line before update on line for each row execute function touch();
  create policy cheap on invoice using (total < 10);
  create policy noted on invoice using (note is not null);
  create policy by_invoice on line using (exists (select from invoice i where i.id = invoice_id and i.total > 1));`

const QUERIES = `
  -- name: read_total
  select i.total from invoice i join line l on l.invoice_id = i.id;
  select l.total from line l join invoice i on i.id = l.invoice_id;
  update invoice set total = $1 where id = $2;
  select * from invoice where id = $1;
  select count(*) from invoice;
  insert into invoice values (1, 2, 3, '');
  delete from invoice where id = $1;`

describe('what a changed column touches', () => {
  it('is found in views, functions, triggers, policies, generated columns and queries, and nowhere else', async () => {
    await withSchema(server, SCHEMA, (catalog) => {
      const { workload, notSeen } = readWorkload(QUERIES, 'queries.sql')
      expect(notSeen).toEqual([])
      const found = createDependentFinder(catalog, workload).find(['public.invoice.total'])
      const named = (kind: string) => found.filter((one) => one.kind === kind).map(({ name }) => name)
      expect(named('view')).toEqual(['public.over_sums', 'public.sums'])
      expect(named('materialized view')).toEqual([])
      expect(named('generated column')).toEqual(['public.invoice.doubled'])
      expect(named('policy')).toEqual(['public.invoice.cheap', 'public.line.by_invoice'])
      expect(named('trigger').toSorted()).toEqual(['public.invoice.touched', 'public.invoice.watched'])
      expect(named('function')).toEqual([
        'public.declared(k bigint)',
        'public.dynamic()',
        'public.procedural()',
        'public.touch()',
        'public.whole()',
        'public.worded(k bigint)',
        'public.writing()',
      ])
      expect(found.filter(({ columns }) => columns.length === 0).map(({ name }) => name)).toEqual(['public.dynamic()'])
      expect(named('query')).toEqual([
        'read_total',
        'update invoice set total = $1 where id = $2',
        'select * from invoice where id = $1',
        "insert into invoice values (1, 2, 3, '')",
      ])
      expect(found.find(({ name }) => name === 'read_total')?.location).toMatchObject({ file: 'queries.sql', line: 3 })
    })
  })

  it('is nothing where nothing changes', async () => {
    await withSchema(server, SCHEMA, (catalog) => {
      expect(createDependentFinder(catalog, null).find([])).toEqual([])
      expect(
        createDependentFinder(catalog, null)
          .find(['public.line.id'])
          .map(({ name }) => name),
      ).toEqual(['public.lines'])
    })
  })
})
