/** A type that keeps its text; it can be compared, and indexed by GiST through btree_gist's library. */
export function textType(name: string, typmod: 'number' | 'words' | null): string {
  const modifier =
    typmod === 'number'
      ? `create function ${name}_typmod_in(cstring[]) returns int language internal immutable strict as 'bpchartypmodin';
create function ${name}_typmod_out(int) returns cstring language internal immutable strict as 'bpchartypmodout';`
      : typmod === 'words'
        ? `create function ${name}_typmod_in(cstring[]) returns int language internal immutable strict as 'array_ndims';`
        : ''
  const options =
    typmod === 'number'
      ? `, typmod_in = ${name}_typmod_in, typmod_out = ${name}_typmod_out`
      : typmod === 'words'
        ? `, typmod_in = ${name}_typmod_in`
        : ''
  const compare = ['lt', 'le', 'eq', 'ge', 'gt', 'ne']
    .map(
      (test) =>
        `create function ${name}_${test}(${name}, ${name}) returns bool language internal immutable strict as 'bytea${test}';`,
    )
    .join('\n')
  const operators = (
    [
      ['<', 'lt'],
      ['<=', 'le'],
      ['=', 'eq'],
      ['>=', 'ge'],
      ['>', 'gt'],
      ['<>', 'ne'],
    ] as const
  )
    .map(
      ([sign, test]) => `create operator ${sign} (leftarg = ${name}, rightarg = ${name}, function = ${name}_${test});`,
    )
    .join('\n')
  return `
create type ${name};
create function ${name}_in(cstring) returns ${name} language internal immutable strict as 'textin';
create function ${name}_out(${name}) returns cstring language internal immutable strict as 'textout';
${modifier}
create type ${name} (input = ${name}_in, output = ${name}_out, storage = extended${options});
create cast (${name} as text) with inout;
create cast (text as ${name}) with inout;
${compare}
create function ${name}_cmp(${name}, ${name}) returns int language internal immutable strict as 'byteacmp';
${operators}
create operator class ${name}_ops default for type ${name} using btree as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 ${name}_cmp(${name}, ${name});`
}

/** A function that gives one value. */
export function stub(signature: string, returns: string, value = 'null'): string {
  return `create function ${signature} returns ${returns} language sql immutable as $$ select ${value}::${returns} $$;`
}
