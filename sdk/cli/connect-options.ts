// How a command reaches its cluster: masters, token and patience from options and environment.

import { EngineError } from "../../proto/errors.ts";
import type { OptionValues } from "./option-values.ts";
import { mastersOf, textOf, wholeNumberOf } from "./option-values.ts";
import type { ConnectOptions, World } from "./ports.ts";

const timeoutMsMost = 24 * 60 * 60 * 1000;

/** Throws USAGE for what is missing or malformed. */
export async function connectOptions(
  world: World,
  values: OptionValues,
  tokenVariable: "MILLRACE_TOKEN" | "MILLRACE_NODE_TOKEN" = "MILLRACE_TOKEN",
): Promise<ConnectOptions> {
  const masters = mastersOf(values, world.environment);
  const searchMsMax = wholeNumberOf(values, "timeout-ms", { least: 1, most: timeoutMsMost });
  const isNode = tokenVariable === "MILLRACE_NODE_TOKEN";
  const query = isNode
    ? { file: textOf(values, "node-token-file") }
    : { flag: textOf(values, "token"), file: textOf(values, "token-file") };
  const token = await requiredToken(world, query, tokenVariable);
  return { masters, token, ...(searchMsMax === undefined ? {} : { searchMsMax }) };
}

export async function requiredToken(
  world: World,
  query: { readonly flag?: string | undefined; readonly file?: string | undefined },
  variable = "MILLRACE_TOKEN",
): Promise<string> {
  const token = await world.readToken({ ...query, variable });
  if (token !== undefined) return token;
  const option = variable === "MILLRACE_TOKEN" ? "--token-file" : "--node-token-file";
  throw new EngineError(
    "USAGE",
    `no access token given: set ${variable} or use ${option} FILE; make one with "millrace token"`,
  );
}
