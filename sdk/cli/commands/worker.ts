// `millrace worker`: one worker of a cluster, in the foreground until it is told to stop.

import { EngineError } from "../../../proto/errors.ts";
import { workerWeightMax } from "../../../proto/limits.ts";
import type { Command } from "../command.ts";
import { commonOptions } from "../command.ts";
import { requiredToken } from "../connect-options.ts";
import {
  flagOf,
  hostAndPort,
  mastersOf,
  operandsOf,
  requiredText,
  textOf,
  wholeNumberOf,
} from "../option-values.ts";
import { nodeTokenOptions, serveUntilStopped, warnBeyondLoopback } from "../serve.ts";
import { deadlineOption, executorOptions, heapOption, memoryOption, threadsOf } from "./run.ts";

export const workerCommand: Command = {
  spec: {
    name: "worker",
    summary: "Runs a worker until SIGTERM or Ctrl-C",
    operands: "",
    takesJob: false,
    options: {
      id: { kind: "value", value: "ID", describe: "Name of this worker within the cluster" },
      masters: commonOptions.masters,
      listen: {
        kind: "value",
        value: "HOST:PORT",
        describe: "Where other workers fetch from it (default 127.0.0.1 and a free port)",
      },
      work: { kind: "value", value: "FOLDER", describe: "Where shuffle files are kept" },
      threads: { kind: "value", value: "N", describe: "Tasks at a time (default: the cores)" },
      memory: memoryOption,
      "heap-mib": heapOption,
      "closure-deadline-ms": deadlineOption,
      weight: {
        kind: "value",
        value: "N",
        describe: "Share of the partitions, relative to a worker of weight 1 (default 1)",
      },
      ...nodeTokenOptions,
      json: { kind: "flag", describe: "Print one JSON object with the address once it serves" },
    },
    examples: [
      [
        "millrace worker --id w1 --masters 127.0.0.1:7101 --work work/w1 --threads 2",
        "the token is read from MILLRACE_NODE_TOKEN",
      ],
    ],
  },
  run: async (world, { values, operands }) => {
    operandsOf(operands, []);
    const id = requiredText(values, "id", "w1");
    const workFolder = requiredText(values, "work", "work/w1");
    const masters = mastersOf(values, world.environment);
    const { host, port } = hostAndPort(textOf(values, "listen") ?? "127.0.0.1:0", "--listen");
    if (host === "0.0.0.0" || host === "::") {
      throw new EngineError(
        "USAGE",
        `--listen ${host}: other workers fetch from this address, so name one that they can reach`,
      );
    }
    const weight = wholeNumberOf(values, "weight", { least: 1, most: workerWeightMax });
    const nodeFile = { file: textOf(values, "node-token-file") };
    const nodeToken = await requiredToken(world, nodeFile, "MILLRACE_NODE_TOKEN");
    const options = executorOptions(values);
    const json = flagOf(values, "json");
    const log = await world.log();
    warnBeyondLoopback(log, host);
    return await serveUntilStopped(world, { role: "worker", id, json }, (onFatal) =>
      world.startWorker({
        ...{ id, masters, host, port, workFolder, nodeToken, log, onFatal },
        slots: threadsOf(world, values, options.memoryBytes),
        weight: weight ?? 1,
        ...options,
      }),
    );
  },
};
