// Which plots an earlier report of the suite put into a folder: those that it shows. Others there are somebody else's.

import { basename } from "node:path";

/** The first line of every report: what begins otherwise is none of ours. */
export const reportTitle = "# Results of the benchmark suite";

/** Names of the files of its plots. */
export function plotsShownIn(report: string): readonly string[] {
  if (!report.startsWith(`${reportTitle}\n`)) return [];
  const shown = report.matchAll(/^!\[[^\]]*\]\(([^()]+\.svg)\)$/gm);
  return [...shown].map(([, path]) => basename(path!));
}
