// `millrace output FOLDER`: the rows of a committed output, in its order, by its manifest.

import { EngineError } from "../../../proto/errors.ts";
import { resolveOutput } from "../../dataset/paths.ts";
import type { Command } from "../command.ts";
import { committedLines } from "../committed-lines.ts";
import { flagOf, operandsOf, requiredOperand, wholeNumberOf } from "../option-values.ts";

export const outputCommand: Command = {
  spec: {
    name: "output",
    summary: "Prints the rows of a committed output: text as lines, everything else as NDJSON",
    operands: "FOLDER",
    takesJob: false,
    options: {
      limit: { kind: "value", value: "N", describe: "At most so many rows" },
      json: { kind: "flag", describe: "Every row as JSON, lines of text included" },
    },
    examples: [
      ["millrace output out/words/ --limit 20", "the first twenty rows"],
      ["millrace output s3://bucket/words/ | head", "from an object store"],
    ],
  },
  run: async (world, { values, operands }) => {
    const folder = requiredOperand(operandsOf(operands, ["FOLDER"]), "FOLDER", "output");
    const rowsMax = wholeNumberOf(values, "limit", { least: 0, most: Number.MAX_SAFE_INTEGER });
    const json = flagOf(values, "json");
    const folderUri = folderUriOf(folder, world.workingFolder);
    const store = await world.store();
    const lines = committedLines(store, folderUri, {
      json,
      rowsMax: rowsMax ?? Number.POSITIVE_INFINITY,
    });
    for await (const bytes of lines) await world.print(bytes);
    return 0;
  },
};

/** As a job would understand the folder. */
function folderUriOf(folder: string, workingFolder: string): string {
  try {
    return resolveOutput(folder, workingFolder);
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    throw new EngineError("USAGE", thrown.message, {}, thrown);
  }
}
