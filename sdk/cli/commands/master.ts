// `millrace master`: one master of a cluster, in the foreground until it is told to stop.

import { EngineError } from "../../../proto/errors.ts";
import { mastersMax } from "../../../proto/limits/raft.ts";
import { type Command, commonOptions } from "../command.ts";
import { requiredToken } from "../connect-options.ts";
import { changeMasters } from "../master-changes.ts";
import {
  addressesOf,
  flagOf,
  hostAndPort,
  peersOf,
  requiredText,
  textOf,
} from "../option-values.ts";
import { recoverMaster } from "../recover-master.ts";
import { nodeTokenOptions, serveUntilStopped, warnBeyondLoopback } from "../serve.ts";

const defaultListen = "127.0.0.1:7101";

export const masterCommand: Command = {
  spec: {
    name: "master",
    summary:
      "Runs a master until SIGTERM or Ctrl-C; or changes which masters a running cluster has:\n" +
      "  list                      the masters, with their part and how far behind they are\n" +
      "  add ID HOST:PORT          lets in a master that was started there with --join\n" +
      "  replace OLD ID HOST:PORT  the same, and OLD leaves in the same step\n" +
      "  remove ID                 takes a master out\n" +
      "  transfer ID               makes it the leader\n" +
      "  recover                   goes on with one master, where the majority is lost for good",
    operands: "[list | add … | replace … | remove … | transfer … | recover]",
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
        describe: "Every founder of a new cluster, this one included; later starts do not need it",
      },
      join: {
        kind: "value",
        value: "HOST:PORT,…",
        describe: "Masters of the cluster that this one, with an empty folder, is to be added to",
      },
      data: { kind: "value", value: "FOLDER", describe: "Where its log and snapshots are kept" },
      to: {
        kind: "value",
        value: "FOLDER",
        describe: "With recover: the new data folder, which goes on with what --data has",
      },
      yes: {
        kind: "flag",
        describe: "With recover: write it; without, only what would be lost is told",
      },
      "no-heal": {
        kind: "flag",
        describe: "With a damaged log, end instead of giving it up and learning it from the others",
      },
      "token-file": {
        kind: "value",
        value: "FILE",
        describe: "File with the token of clients; else MILLRACE_TOKEN",
      },
      ...nodeTokenOptions,
      masters: commonOptions.masters,
      "timeout-ms": commonOptions["timeout-ms"],
      force: {
        kind: "flag",
        describe: "Remove a master even if those that are left may decide nothing",
      },
      json: {
        kind: "flag",
        describe: "Print one JSON object: with the address once it serves, or with the masters",
      },
    },
    examples: [
      [
        "millrace master --id m1 --peers m1=127.0.0.1:7101 --data data/m1",
        "tokens are read from MILLRACE_TOKEN and MILLRACE_NODE_TOKEN",
      ],
      [
        "millrace master --id m4 --listen 127.0.0.1:7104 --join 127.0.0.1:7101 --data data/m4",
        "waits until it is added",
      ],
      [
        "millrace master add m4 127.0.0.1:7104 --masters 127.0.0.1:7101",
        "lets it in; the token is read from MILLRACE_NODE_TOKEN",
      ],
    ],
  },
  run: async (world, { values, operands }) => {
    if (operands[0] === "recover") return await recoverMaster(world, values, operands);
    if (operands.length > 0) return await changeMasters(world, values, operands);
    const id = requiredText(values, "id", "m1");
    const dataFolder = requiredText(values, "data", "data/m1");
    const peers = peersOf(textOf(values, "peers"));
    if (peers.size > mastersMax) {
      throw new EngineError("USAGE", `--peers names ${peers.size} masters, at most ${mastersMax}`);
    }
    const join = addressesOf(textOf(values, "join") ?? "", "--join");
    if (peers.size > 0 && join.length > 0) {
      const text = "--peers founds a cluster and --join joins one: give one of them";
      throw new EngineError("USAGE", text);
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
    const heal = !flagOf(values, "no-heal");
    const log = await world.log();
    warnBeyondLoopback(log, host);
    return await serveUntilStopped(world, { role: "master", id, json }, (onFatal) =>
      world.startMaster({
        ...{ id, host, port, peers, join, dataFolder, heal },
        ...{ clientToken, nodeToken, log, onFatal },
      }),
    );
  },
};
