import { expect, test } from "vitest";
import { splitSqlStatements } from "../../src/postgres/sql-statements.ts";

test.for([
  ["two statements", "select 1; select 2;", ["select 1", "select 2"]],
  ["a last statement without a semicolon", "select 1;\nselect 2\n", ["select 1", "select 2"]],
  ["nothing but comments and white space", "-- only; this\n/* and; this */ ;; \n", []],
  ["a comment that stays with its statement", "-- why;\nselect 1;", ["-- why;\nselect 1"]],
  ["a string", "select 'a;''b;' ; select 2", ["select 'a;''b;'", "select 2"]],
  ["a string with escapes", String.raw`select e'it\';s'; select 2`, [String.raw`select e'it\';s'`, "select 2"]],
  ["a backslash that escapes nothing", String.raw`select 'c:\'; select 2`, [String.raw`select 'c:\'`, "select 2"]],
  ["a quoted identifier", 'select "a;""b"; select 2', ['select "a;""b"', "select 2"]],
  ["a dollar-quoted body", "do $$ begin; end $$; select 2", ["do $$ begin; end $$", "select 2"]],
  ["a tagged body that holds another", "do $a$ $$;$$ $a$; select 2", ["do $a$ $$;$$ $a$", "select 2"]],
  ["a parameter, which is no dollar quote", "select $1; select $2", ["select $1", "select $2"]],
  ["an identifier with dollars", "select a$b$; select c$b$", ["select a$b$", "select c$b$"]],
  ["a nested comment", "select /* a /* b; */ c; */ 1; select 2", ["select /* a /* b; */ c; */ 1", "select 2"]],
  ["an unfinished string", "select 'a; select 2", ["select 'a", "select 2"]],
] as const)("splits %s", ([, script, statements]) => {
  expect(splitSqlStatements(script)).toEqual(statements);
});
