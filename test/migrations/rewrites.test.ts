import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'

const INIT = `
create table public.customer (id bigint primary key);
create table public.invoice (id bigint primary key, customer_id bigint not null, number text, total numeric not null);`

const CHANGE = `
alter table public.invoice add constraint total_positive check (total >= 0);
alter table public.invoice add foreign key (customer_id) references public.customer;
alter table public.invoice alter column number set not null;
alter table public.invoice add unique (number);
create index on public.invoice (total) where total > 0;
do $$ begin create index on public.invoice (lower(number)); end $$;`

const HURRIED = `
set lock_timeout = '2s';
create index on public.invoice (customer_id);`

it('proves the safe form of a statement: the same catalog, and the finding gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rewrites-'))
  try {
    writeFileSync(join(folder, '0001_init.up.sql'), INIT)
    writeFileSync(join(folder, '0002_change.up.sql'), CHANGE)
    writeFileSync(join(folder, '0003_hurried.up.sql'), HURRIED)
    const { findings } = await audit({
      source: { kind: 'files', paths: [folder] },
      load: { newMigrations: { kind: 'after', migration: '0001' } },
      startedAt: new Date('2026-01-31T00:00:00Z'),
    })
    const rewritten = findings
      .filter(({ object, fix }) => object.kind === 'statement' && fix)
      .toSorted(
        ({ location: a }, { location: b }) =>
          (a?.file ?? '').localeCompare(b?.file ?? '') || (a?.line ?? 0) - (b?.line ?? 0),
      )
      .map(({ rule, fix }) => [rule, fix?.status, fix?.reason, ...(fix?.up ?? [])])
    expect(rewritten).toEqual([
      [
        'migrations/constraint-without-not-valid',
        'proven',
        null,
        'alter table public.invoice add constraint total_positive CHECK ((total >= (0)::numeric)) not valid',
        'alter table public.invoice validate constraint total_positive',
      ],
      [
        'migrations/constraint-without-not-valid',
        'proven',
        null,
        'alter table public.invoice add constraint invoice_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customer(id) not valid',
        'alter table public.invoice validate constraint invoice_customer_id_fkey',
      ],
      [
        'migrations/not-null-scan',
        'proven',
        null,
        'alter table public.invoice add constraint invoice_number_not_null_check check (number is not null) not valid',
        'alter table public.invoice validate constraint invoice_number_not_null_check',
        'alter table public.invoice alter column number set not null',
        'alter table public.invoice drop constraint invoice_number_not_null_check',
      ],
      [
        'migrations/key-built-under-lock',
        'proven',
        null,
        'CREATE UNIQUE INDEX CONCURRENTLY invoice_number_key ON public.invoice USING btree (number)',
        'alter table public.invoice add constraint invoice_number_key unique using index invoice_number_key',
      ],
      [
        'migrations/index-blocks-writes',
        'proven',
        null,
        'CREATE INDEX CONCURRENTLY invoice_total_idx ON public.invoice USING btree (total) WHERE (total > (0)::numeric)',
      ],
      [
        'migrations/index-blocks-writes',
        'proven',
        null,
        "set lock_timeout = '10min'",
        'CREATE INDEX CONCURRENTLY invoice_customer_id_idx ON public.invoice USING btree (customer_id)',
        "set lock_timeout = '2000ms'",
      ],
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
