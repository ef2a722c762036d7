// Writes docs/functions.md from the tables of functions and the docstrings of the rest, so that the page cannot fall
// behind them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import ts from "typescript";

const entry = `
  export { functionFamilies } from "./proto/plan/functions/scalars.ts";
  export { aggregateFunctions, windowFunctions } from "./proto/plan/functions/aggregates.ts";
  export { shortNames } from "./sdk/columns/methods.ts";
`;

/** Where functions and methods are that no table holds. */
const documented = ["functions", "free", "any-column"].map((name) => `sdk/columns/${name}.ts`);
/** Those of them that make expressions of something else, or something else of expressions. */
const makers = ["col", "lit", "when", "cast", "tryCast", "between", "every", "some", "asc", "desc"];

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

/** The first paragraph of a docstring, in one line, without the words that say which kind of function it is. */
function summaryOf(node) {
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc)?.comment;
  const text = (ts.getTextOfJSDocComment(comment) ?? "").split("\n\n")[0].replace(/\s+/g, " ");
  const plain = text.replace(/^[A-Z]\w* function: /, "");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

function signatureOf(node, isMethod) {
  const parameters = node.parameters.map(({ name, questionToken, dotDotDotToken }) => {
    const rest = dotDotDotToken === undefined ? "" : "...";
    return `${rest}${name.getText()}${questionToken === undefined ? "" : "?"}`;
  });
  return `${node.name.getText()}(${(isMethod ? ["a", ...parameters] : parameters).join(", ")})`;
}

/** Functions, and methods by whose name there is none; of several the first. */
function documentedIn(root) {
  const found = new Map();
  const add = (node, isMethod) => {
    const name = node.name.getText();
    if (found.has(name)) return;
    found.set(name, { signature: signatureOf(node, isMethod), summary: summaryOf(node) });
  };
  const statements = documented.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return [...ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true).statements];
  });
  for (const node of statements.filter(ts.isFunctionDeclaration)) add(node, false);
  for (const { members } of statements.filter(ts.isInterfaceDeclaration)) {
    for (const member of members.filter(ts.isMethodSignature)) add(member, true);
  }
  return found;
}

/** A bar would end the cell. */
const cell = (text) => text.replaceAll("|", "\\|");

function section(title, functions, note = "") {
  const rows = functions.map(
    ({ signature, summary, nulls }) =>
      `| \`${cell(signature)}\` | ${cell(summary)}${nulls === "own" ? note : ""} |`,
  );
  return [`## ${title}`, "", "| Function | Answers |", "| --- | --- |", ...rows, ""].join("\n");
}

export async function functionPage(root) {
  const { functionFamilies, aggregateFunctions, windowFunctions, shortNames } = await tables(root);
  const others = documentedIn(root);
  const called = ([name, { signature, ...rest }]) => {
    const short = shortNames[name] ?? name;
    return { ...rest, signature: short + signature.slice(name.length) };
  };
  const families = Object.entries(functionFamilies).map(([title, functions]) =>
    section(title, Object.entries(functions).map(called), " †"),
  );
  const named = (names) => names.map((name) => others.get(name));
  return [
    "# Functions",
    "",
    "All functions of column expressions. Made by `npm run generate` from the tables in `proto/plan/functions` and from",
    "docstrings; what they make of nulls, overflow, NaN, order, decimals and zones is in [semantics.md](semantics.md).",
    "",
    "Most are methods of the column that they are about: `add(a, b)` is `c.a.add(c.b)`, `dateAdd(unit, count, time)` is",
    '`c.at.dateAdd("day", 1)`. Those that are about none are imported from `millrace`: `makeDate(c.year, 1, 1)`.',
    "`a?` may be left out; `...a` may be any number. A function is null where an argument is null, but for those marked †,",
    "which say what they make of null.",
    "",
    ...families,
    section("Aggregates", Object.values(aggregateFunctions)),
    "An aggregate takes `.distinct()` and `.where(condition)`, and over a window `.over({ partitionBy, orderBy, frame })`.",
    "",
    section("Windows", named(Object.keys(windowFunctions))),
    section("Expressions, casts and orders", named(makers)),
  ].join("\n");
}
