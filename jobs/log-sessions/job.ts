// Cuts the requests of web logs into sessions: visits of one address without a long pause.

import { defineJob, z } from "millrace";
import { type Hit, parseHit, sessionsOf } from "./sessions.ts";

export default defineJob({
  name: "log-sessions",
  params: z.object({
    input: z.string().describe("access logs in the common or combined format"),
    output: z.string().describe("folder for the sessions, one JSON object a line"),
    idleMinutes: z.number().positive().default(30).describe("a longer pause ends a session"),
  }),
  async run(mr, { input, output, idleMinutes }) {
    const lines = mr.read.text(input);
    const hits = lines.map(parseHit).filter((hit): hit is Hit => hit !== undefined);
    const sessions = await hits
      .keyBy((hit) => hit.visitor)
      .groupByKey({ sortBy: (hit) => hit.at })
      .flatMap(([visitor, visits]) => sessionsOf(visitor, visits, idleMinutes * 60_000))
      .orderBy((session) => session.start)
      .write.ndjson(output);
    const unreadable = await lines.filter((line) => parseHit(line) === undefined).count();
    return { sessions: sessions.rows, unreadable };
  },
});
