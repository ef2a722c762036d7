// Writes docs/functions.md from the tables of functions, so that the page cannot fall behind them.
import { build } from "esbuild";

const entry = `
  export { functionFamilies } from "./proto/plan/functions/scalars.ts";
  export { aggregateFunctions } from "./proto/plan/functions/aggregates.ts";
`;

async function tables(root) {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "neutral",
    write: false,
    logLevel: "error",
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}

/** A bar would end the cell. */
const cell = (text) => text.replaceAll("|", "\\|");

function section(title, functions, note) {
  const rows = Object.values(functions).map(
    ({ signature, summary, nulls }) =>
      `| \`${cell(signature)}\` | ${cell(summary)}${nulls === "own" ? note : ""} |`,
  );
  return [`## ${title}`, "", "| Function | Answers |", "| --- | --- |", ...rows, ""].join("\n");
}

export async function functionPage(root) {
  const { functionFamilies, aggregateFunctions } = await tables(root);
  const sections = Object.entries(functionFamilies).map(([title, functions]) =>
    section(title, functions, " †"),
  );
  return [
    "# Functions",
    "",
    "All functions of column expressions. Made by `npm run generate` from the tables in",
    "`proto/plan/functions`; what they make of nulls, overflow, NaN, order, decimals and zones is in",
    "[semantics.md](semantics.md).",
    "",
    "A function is null where an argument is null, but for those marked †, which say what they make of null.",
    "`a?` may be left out; `...a` may be any number.",
    "",
    ...sections,
    section("Aggregates", aggregateFunctions, ""),
  ].join("\n");
}
