// `millrace master recover`: what one master has of a lost cluster, and a new cluster of it alone.

import { EngineError } from "../../proto/errors.ts";
import type { RecoveryView } from "../../proto/wire/views.ts";
import { jsonLine } from "./job-result.ts";
import {
  flagOf,
  hostAndPort,
  type OptionValues,
  operandsOf,
  requiredText,
  textOf,
} from "./option-values.ts";
import type { World } from "./ports.ts";

/** Answers the exit code. Works on folders alone: no master of the cluster has to run, and this one must not. */
export async function recoverMaster(
  world: World,
  values: OptionValues,
  operands: readonly string[],
): Promise<number> {
  operandsOf(operands, ["recover"]);
  const from = requiredText(values, "data", "data/m1");
  const to = requiredText(values, "to", "data/m1-recovered");
  const address = textOf(values, "listen");
  if (address !== undefined) hostAndPort(address, "--listen");
  const isMeant = flagOf(values, "yes");
  const view = await world.recoverMaster({ from, to: isMeant ? to : undefined, address });
  await world.print(flagOf(values, "json") ? `${jsonLine(view)}\n` : textOfRecovery(view));
  if (!isMeant) {
    throw new EngineError(
      "USAGE",
      `nothing was written. If the majority of ${view.masters.join(", ")} will never come back, and no ` +
        "other master that is left has a later last entry, repeat this command with --yes",
    );
  }
  const { masterId } = view;
  world.note(
    `wrote ${to}. Start it with: millrace master --id ${masterId} --listen ${view.address} --data ${to}\n`,
  );
  return 0;
}

function textOfRecovery(view: RecoveryView): string {
  const { masterId, clusterId, masters, lastIndex, lastTerm, commitIndex, recoveredClusterId } =
    view;
  const lines = [
    `master ${masterId} of cluster ${clusterId}, whose masters were ${masters.join(", ")}`,
    `last entry: ${lastIndex}, of term ${lastTerm}; up to ${commitIndex} it knows them to be committed`,
    `jobs: ${view.jobsRunning} running, ${view.jobsEnded} ended`,
    `lost: whatever the others agreed on behind entry ${lastIndex}, such as jobs, finished tasks and locks`,
    ...(recoveredClusterId === undefined
      ? []
      : [`goes on as cluster ${recoveredClusterId}, with ${masterId} at ${view.address} alone`]),
  ];
  return `${lines.join("\n")}\n`;
}
