// `millrace master add|replace|remove|transfer|list`: changes which masters a running cluster has.

import { EngineError } from "../../proto/errors.ts";
import { learnerStallMsMax } from "../../proto/limits/raft.ts";
import type { MastersView } from "../../proto/wire/views.ts";
import { connectOptions } from "./connect-options.ts";
import { jsonLine } from "./job-result.ts";
import { flagOf, hostAndPort, type OptionValues, operandsOf } from "./option-values.ts";
import type { MasterCalls, World } from "./ports.ts";
import { mastersTable } from "./status-text.ts";

type Change = (world: World, masters: MasterCalls, isForced: boolean) => Promise<MastersView>;

/** Throws USAGE for what is not one of the changes. */
function changeOf(operands: readonly string[]): Change {
  const [verb = "", ...words] = operands;
  switch (verb) {
    case "list":
      operandsOf(words, []);
      return (_, masters) => masters.list();
    case "add": {
      const [masterId, address] = needed(verb, words, ["ID", "HOST:PORT"]);
      return (world, masters) => add(world, masters, { masterId, address, replaces: "" });
    }
    case "replace": {
      const [replaces, masterId, address] = needed(verb, words, ["OLD", "ID", "HOST:PORT"]);
      return (world, masters) => add(world, masters, { masterId, address, replaces });
    }
    case "remove": {
      const [masterId] = needed(verb, words, ["ID"]);
      return (_, masters, force) => masters.remove({ masterId, force });
    }
    case "transfer": {
      const [masterId] = needed(verb, words, ["ID"]);
      return (_, masters) => transfer(masters, masterId);
    }
    default:
      throw new EngineError(
        "USAGE",
        `millrace master knows list, add, replace, remove, transfer and recover, not '${verb}'; ` +
          "see millrace master --help",
      );
  }
}

function needed<Names extends readonly string[]>(
  verb: string,
  words: readonly string[],
  names: readonly [...Names],
): { readonly [Place in keyof Names]: string } {
  operandsOf(words, names);
  if (words.length < names.length || words.includes("")) {
    throw new EngineError("USAGE", `millrace master ${verb} needs ${names.join(" ")}`);
  }
  return words as unknown as { readonly [Place in keyof Names]: string };
}

/** Answers the exit code. The nodes' token is asked for: clients may not change the masters. */
export async function changeMasters(
  world: World,
  values: OptionValues,
  operands: readonly string[],
): Promise<number> {
  const change = changeOf(operands);
  const options = await connectOptions(world, values, "MILLRACE_NODE_TOKEN");
  const client = await world.connect(options);
  try {
    const view = await change(world, client.masters, flagOf(values, "force"));
    await world.print(flagOf(values, "json") ? `${jsonLine(view)}\n` : mastersTable(view.masters));
    return 0;
  } finally {
    client.close();
  }
}

async function transfer(masters: MasterCalls, masterId: string): Promise<MastersView> {
  await masters.transfer({ masterId });
  // Whoever answered led until then.
  return await masters.list();
}

type Addition = Parameters<MasterCalls["add"]>[0];

/** Between two looks at how far a new master has come. */
const lookPauseMs = 300;

/** Until it votes. Given up, it stays a learner, which harms nobody: asked again, this goes on. */
async function add(world: World, masters: MasterCalls, addition: Addition): Promise<MastersView> {
  const { masterId, address, replaces } = addition;
  hostAndPort(address, "the address of the new master");
  let view = await masters.add(addition);
  let best = -1;
  let bestAtMs = world.nowMs();
  for (;;) {
    const found = view.masters.find((master) => master.masterId === masterId);
    const isReplaced = view.masters.every((master) => master.masterId !== replaces);
    if (found === undefined) throw removedMeanwhile(masterId);
    if (found.role !== "learner" && isReplaced) return view;
    if (found.matchIndex > best) {
      best = found.matchIndex;
      bestAtMs = world.nowMs();
      world.note(`${masterId} has ${best} of ${best + found.lagEntries} log entries\n`);
    }
    if (world.nowMs() - bestAtMs >= learnerStallMsMax) throw stuck(addition, best);
    await world.pause(lookPauseMs);
    view = await masters.list();
  }
}

function removedMeanwhile(masterId: string): EngineError {
  const text = `${masterId} was removed again before it could vote: somebody else changes the masters`;
  return new EngineError("UNAVAILABLE", text);
}

function stuck({ masterId, address }: Addition, best: number): EngineError {
  return new EngineError(
    "UNAVAILABLE",
    `${masterId} at ${address} stands at log entry ${best} since ${learnerStallMsMax / 1000} s and ` +
      "does not vote yet: look at its log, then repeat this command, or undo it with " +
      `millrace master remove ${masterId}`,
  );
}
