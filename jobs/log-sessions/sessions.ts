// A line of an access log as a hit, and the hits of one visitor as sessions.

/** One request of a page. */
export interface Hit {
  readonly visitor: string;
  readonly at: Date;
  readonly path: string;
}

/** Hits of one visitor without a long pause between them. */
export interface Session {
  readonly visitor: string;
  readonly start: Date;
  readonly seconds: number;
  readonly hits: number;
  readonly entry: string;
  readonly exit: string;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const lineFormat =
  /^(\S+) \S+ \S+ \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\] "\S+ (\S+)/;

/** `203.0.113.9 - - [10/Oct/2024:13:55:36 +0200] "GET /a HTTP/1.1" 200 17`; undefined for another line. */
export function parseHit(line: string): Hit | undefined {
  const [, visitor, day, monthName, year, time, hours, minutes, path] = lineFormat.exec(line) ?? [];
  if (visitor === undefined || monthName === undefined || path === undefined) return undefined;
  const month = String(months.indexOf(monthName) + 1).padStart(2, "0");
  const at = new Date(`${year}-${month}-${day}T${time}${hours}:${minutes}`);
  return Number.isNaN(at.getTime()) ? undefined : { visitor, at, path };
}

/** The sessions of one visitor, whose hits come in the order of time. */
export function* sessionsOf(
  visitor: string,
  hits: readonly Hit[],
  idleMs: number,
): Generator<Session> {
  let first = 0;
  for (const [index, hit] of hits.entries()) {
    const next = hits[index + 1];
    if (next !== undefined && next.at.getTime() - hit.at.getTime() <= idleMs) continue;
    yield sessionOf(visitor, hits.slice(first, index + 1));
    first = index + 1;
  }
}

function sessionOf(visitor: string, hits: readonly Hit[]): Session {
  const entry = hits[0] as Hit;
  const exit = hits.at(-1) as Hit;
  return {
    visitor,
    start: entry.at,
    seconds: (exit.at.getTime() - entry.at.getTime()) / 1000,
    hits: hits.length,
    entry: entry.path,
    exit: exit.path,
  };
}
