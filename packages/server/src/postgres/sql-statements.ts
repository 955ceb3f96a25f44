/**
 * One piece of SQL text: a comment, a quoted string or identifier, a dollar-quoted body, a semicolon, or anything else.
 * Only the first four may hold a semicolon that does not end a statement. Block comments nest in PostgreSQL, so a regular
 * expression can only find where one begins.
 */
const PIECE =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$|;|[\p{L}_][\p{L}\p{N}_$]*|[^]/uy;

/**
 * Splits a script at the semicolons that end statements. A script that is sent whole runs in one implicit transaction,
 * which `CREATE INDEX CONCURRENTLY` refuses. Routine bodies in `BEGIN ATOMIC` are not understood: use `$$` there.
 */
export function splitSqlStatements(script: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let hasSql = false;
  const finish = (end: number): void => {
    if (hasSql) statements.push(script.slice(start, end).trim());
    hasSql = false;
  };
  for (let position = 0; position < script.length;) {
    PIECE.lastIndex = position;
    // The last alternative matches any one character, so there always is a match.
    const piece = PIECE.exec(script)?.[0] ?? script.charAt(position);
    let end = position + piece.length;
    if (piece === ";") {
      finish(position);
      start = end;
    } else if (piece === "/*") {
      end = endOfBlockComment(script, position);
    } else if (piece.startsWith("$") && piece.length > 1) {
      const close = script.indexOf(piece, end);
      end = close === -1 ? script.length : close + piece.length;
      hasSql = true;
    } else if (!piece.startsWith("--") && piece.trim() !== "") {
      hasSql = true;
    }
    position = end;
  }
  finish(script.length);
  return statements;
}

function endOfBlockComment(script: string, start: number): number {
  let depth = 0;
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  for (let mark = marks.exec(script); mark !== null; mark = marks.exec(script)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return script.length;
}
