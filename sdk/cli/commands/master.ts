// `millrace master`: one master of a cluster, in the foreground until it is told to stop.

import { EngineError } from "../../../proto/errors.ts";
import { mastersMax } from "../../../proto/limits.ts";
import type { Command } from "../command.ts";
import { requiredToken } from "../connect-options.ts";
import {
  flagOf,
  hostAndPort,
  operandsOf,
  peersOf,
  requiredText,
  textOf,
} from "../option-values.ts";
import { nodeTokenOptions, serveUntilStopped, warnBeyondLoopback } from "../serve.ts";

const defaultListen = "127.0.0.1:7101";

export const masterCommand: Command = {
  spec: {
    name: "master",
    summary: "Runs a master until SIGTERM or Ctrl-C",
    operands: "",
    takesJob: false,
    options: {
      id: { kind: "value", value: "ID", describe: "Name of this master within the cluster" },
      listen: {
        kind: "value",
        value: "HOST:PORT",
        describe: `Where to listen (default: its address in --peers, else ${defaultListen})`,
      },
      peers: {
        kind: "value",
        value: "ID=HOST:PORT,…",
        describe: "Every master of the cluster, this one included",
      },
      data: { kind: "value", value: "FOLDER", describe: "Where its log and snapshots are kept" },
      "token-file": {
        kind: "value",
        value: "FILE",
        describe: "File with the token of clients; else MILLRACE_TOKEN",
      },
      ...nodeTokenOptions,
      json: { kind: "flag", describe: "Print one JSON object with the address once it serves" },
    },
    examples: [
      [
        "millrace master --id m1 --peers m1=127.0.0.1:7101 --data data/m1",
        "tokens are read from MILLRACE_TOKEN and MILLRACE_NODE_TOKEN",
      ],
    ],
  },
  run: async (world, { values, operands }) => {
    operandsOf(operands, []);
    const id = requiredText(values, "id", "m1");
    const dataFolder = requiredText(values, "data", "data/m1");
    const peers = peersOf(textOf(values, "peers"));
    if (peers.size > mastersMax) {
      throw new EngineError("USAGE", `--peers names ${peers.size} masters, at most ${mastersMax}`);
    }
    const listen = textOf(values, "listen") ?? peers.get(id) ?? defaultListen;
    const { host, port } = hostAndPort(listen, "--listen");
    const clientToken = await requiredToken(world, { file: textOf(values, "token-file") });
    const nodeFile = { file: textOf(values, "node-token-file") };
    const nodeToken = await requiredToken(world, nodeFile, "MILLRACE_NODE_TOKEN");
    if (clientToken === nodeToken) {
      throw new EngineError(
        "USAGE",
        "MILLRACE_TOKEN and MILLRACE_NODE_TOKEN are the same: clients would pass for nodes",
      );
    }
    const json = flagOf(values, "json");
    const log = await world.log();
    warnBeyondLoopback(log, host);
    return await serveUntilStopped(world, { role: "master", id, json }, (onFatal) =>
      world.startMaster({
        ...{ id, host, port, peers, dataFolder, clientToken, nodeToken, log, onFatal },
      }),
    );
  },
};
