import { stub, textType } from './parts.js'

const GIST = `
create function stand_in_consistent(internal, bytea, int2, oid, internal) returns bool language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_consistent';
create function stand_in_union(internal, internal) returns bytea language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_union';
create function stand_in_compress(internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_compress';
create function stand_in_penalty(internal, internal, internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_penalty';
create function stand_in_picksplit(internal, internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_picksplit';
create function stand_in_same(bytea, bytea, internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_same';
create function stand_in_decompress(internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_var_decompress';`

function gistClass(type: string, name: string, standard: boolean): string {
  return `create operator class ${name} ${standard ? 'default ' : ''}for type ${type} using gist as
  function 1 stand_in_consistent(internal, bytea, int2, oid, internal), function 2 stand_in_union(internal, internal),
  function 3 stand_in_compress(internal), function 4 stand_in_decompress(internal),
  function 5 stand_in_penalty(internal, internal, internal), function 6 stand_in_picksplit(internal, internal),
  function 7 stand_in_same(bytea, bytea, internal), storage bytea;`
}

/** PostGIS's types, its GiST classes through btree_gist's library, and its most common functions. */
export const POSTGIS = `
${textType('geometry', 'words')}
${textType('geography', 'words')}
${textType('box2d', null)}
${textType('box3d', null)}
${textType('raster', null)}
${GIST}
${gistClass('geometry', 'gist_geometry_ops_2d', true)}
${gistClass('geometry', 'gist_geometry_ops_nd', false)}
${gistClass('geography', 'gist_geography_ops', true)}
create cast (geometry as geography) with inout as implicit;
create cast (geography as geometry) with inout;
create table spatial_ref_sys (srid int primary key, auth_name varchar(256), auth_srid int, srtext varchar(2048), proj4text varchar(2048));
${['st_makepoint(float8, float8)', 'st_point(float8, float8)', 'st_point(float8, float8, int)', 'st_setsrid(geometry, int)', 'st_transform(geometry, int)', 'st_geomfromtext(text)', 'st_geomfromtext(text, int)', 'st_geomfromgeojson(text)', 'st_buffer(geometry, float8)', 'st_centroid(geometry)', 'st_envelope(geometry)', 'st_makeenvelope(float8, float8, float8, float8, int)', 'st_union(geometry, geometry)', 'st_intersection(geometry, geometry)', 'st_simplify(geometry, float8)', 'st_makevalid(geometry)', 'st_multi(geometry)'].map((signature) => stub(signature, 'geometry')).join('\n')}
${['st_x(geometry)', 'st_y(geometry)', 'st_area(geometry)', 'st_length(geometry)', 'st_distance(geometry, geometry)', 'st_distance(geography, geography)'].map((signature) => stub(signature, 'float8')).join('\n')}
${['st_dwithin(geometry, geometry, float8)', 'st_dwithin(geography, geography, float8)', 'st_intersects(geometry, geometry)', 'st_contains(geometry, geometry)', 'st_within(geometry, geometry)', 'st_covers(geometry, geometry)', 'st_isvalid(geometry)'].map((signature) => stub(signature, 'bool')).join('\n')}
${['st_astext(geometry)', 'st_asgeojson(geometry)', 'geometrytype(geometry)', 'st_geometrytype(geometry)'].map((signature) => stub(signature, 'text')).join('\n')}
${['st_srid(geometry)', 'st_npoints(geometry)'].map((signature) => stub(signature, 'int')).join('\n')}`
