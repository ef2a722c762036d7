// A table of the report, and what contenders are called in it.

import { contenders } from "../contenders/contenders.ts";

const titles = new Map(contenders.map(({ name, title }) => [name, title]));

export function titleOf(contender: string): string {
  return titles.get(contender) ?? contender;
}

/** The first column is text, the others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const rule = line(head.map((_, column) => (column === 0 ? "---" : "---:")));
  return line(head) + rule + rows.map(line).join("");
}
