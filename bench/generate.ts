/**
 * DDL of a schema with this many tables: 12 columns and 2.4 indexes each, chained by foreign keys. One table in ten has
 * the defects that others avoid: no CHECK on status, amount and period, and an index that does not serve its foreign key.
 */
export function generateSchema(tables: number): readonly string[] {
  return Array.from({ length: tables }, (_, at) => {
    const reference = at === 0 ? '' : `references bench.table_${at - 1}`
    const careless = at % 10 === 9
    const checks = careless
      ? ''
      : `, check (status in ('new', 'open', 'gone')), check (amount >= 0), check (ends_at > starts_at)`
    return [
      `create table bench.table_${at} (
        id bigint generated always as identity primary key, parent_id bigint ${reference},
        code text not null ${at % 10 < 4 ? 'unique' : ''}, status varchar(20) not null default 'new',
        amount numeric(14, 2) not null, currency char(3), note text, payload jsonb,
        starts_at timestamptz not null, ends_at timestamptz, created_at timestamptz not null default now(),
        updated_at timestamptz${checks}
      )`,
      `create index on bench.table_${at} (parent_id, created_at desc)${careless ? ` where status <> 'gone'` : ''}`,
    ]
  }).flat()
}

/** What `pg_dump` writes for a schema of about this many tables: every statement on its own, functions, and rows in COPY blocks. */
export function generateDump(tables: number, rows = 5): string {
  const names = Array.from({ length: tables }, (_, at) => `public.table_${at}`)
  const created = names.map(
    (name, at) => `--
-- Name: table_${at}; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE ${name} (
    id bigint NOT NULL,
    parent_id bigint,
    code text NOT NULL,
    status character varying(20) DEFAULT 'new'::character varying NOT NULL,
    amount numeric(14,2) NOT NULL,
    currency character(3),
    payload jsonb DEFAULT '{}'::jsonb,
    starts_at timestamp with time zone DEFAULT now() NOT NULL,
    ends_at timestamp with time zone,
    CONSTRAINT table_${at}_amount_check CHECK ((amount >= (0)::numeric))
);

COMMENT ON COLUMN ${name}.amount IS 'What is due; it''s never less than 0.';
`,
  )
  const functions = names
    .filter((_, at) => at % 20 === 0)
    .map(
      (_, at) => `
CREATE FUNCTION public.function_${at}() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
BEGIN
  -- Kept; as it was.
  NEW.status := 'new';
  RETURN NEW;
END;
$_$;
`,
    )
  const data = names.map((name, at) =>
    rows === 0
      ? ''
      : `\nCOPY ${name} (id, parent_id, code, amount) FROM stdin;\n${Array.from({ length: rows }, (_row, id) => `${id}\t\\N\tcode '${at}'; ${id}\t12.50\n`).join('')}\\.\n`,
  )
  const keys = names.map(
    (name, at) => `
ALTER TABLE ONLY ${name}
    ADD CONSTRAINT table_${at}_pkey PRIMARY KEY (id);

CREATE INDEX table_${at}_parent_id_idx ON ${name} USING btree (parent_id, starts_at DESC) WHERE ((status)::text <> 'gone'::text);
`,
  )
  const references = names.slice(1).map(
    (name, at) => `
ALTER TABLE ONLY ${name}
    ADD CONSTRAINT table_${at + 1}_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.table_${at}(id) ON DELETE CASCADE;
`,
  )
  const head = `SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET check_function_bodies = false;\n\n`
  return [head, ...functions, ...created, ...data, ...keys, ...references].join('')
}
