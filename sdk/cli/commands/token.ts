// `millrace token`: a new access token for a cluster.

import type { Command } from "../command.ts";
import { operandsOf } from "../option-values.ts";

export const tokenCommand: Command = {
  spec: {
    name: "token",
    summary: "Prints a new random access token",
    operands: "",
    takesJob: false,
    options: {},
    examples: [["export MILLRACE_TOKEN=$(millrace token)", "for masters and clients"]],
  },
  run: async (world, { operands }) => {
    operandsOf(operands, []);
    await world.print(`${await world.generateToken()}\n`);
    return 0;
  },
};
