/** What Supabase has before a project's first migration, as far as migrations speak of it. */
export const SUPABASE = `
create schema if not exists auth; create schema if not exists storage; create schema if not exists extensions;
create schema if not exists graphql_public; create schema if not exists realtime; create schema if not exists vault;
create table auth.users (id uuid primary key, instance_id uuid, aud varchar(255), role varchar(255), email varchar(255) unique,
  encrypted_password varchar(255), email_confirmed_at timestamptz, invited_at timestamptz, confirmed_at timestamptz,
  last_sign_in_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin bool, phone text unique,
  created_at timestamptz, updated_at timestamptz, banned_until timestamptz, deleted_at timestamptz, is_anonymous bool default false);
create function auth.uid() returns uuid language sql stable as $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
create function auth.role() returns text language sql stable as $$ select nullif(current_setting('request.jwt.claim.role', true), '')::text $$;
create function auth.email() returns text language sql stable as $$ select nullif(current_setting('request.jwt.claim.email', true), '')::text $$;
create function auth.jwt() returns jsonb language sql stable as $$ select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$;
create table storage.buckets (id text primary key, name text not null unique, owner uuid, owner_id text, public bool default false,
  avif_autodetection bool default false, file_size_limit bigint, allowed_mime_types text[], created_at timestamptz default now(),
  updated_at timestamptz default now());
create table storage.objects (id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets, name text,
  owner uuid, owner_id text, metadata jsonb, path_tokens text[], version text, user_metadata jsonb, created_at timestamptz default now(),
  updated_at timestamptz default now(), last_accessed_at timestamptz default now());
alter table storage.objects enable row level security; alter table storage.buckets enable row level security;
create function storage.foldername(name text) returns text[] language sql as $$ select string_to_array(name, '/') $$;
create function storage.filename(name text) returns text language sql as $$ select split_part(name, '/', -1) $$;
create function storage.extension(name text) returns text language sql as $$ select split_part(name, '.', -1) $$;`
