// What a program may ask of a connection. Whatever does not fit is USAGE and names the option: nothing is tried first.

import { EngineError } from "../../proto/errors.ts";
import { mastersMax } from "../../proto/limits/raft.ts";

/** Of `connect`, as JavaScript may give them. */
export interface GivenOptions {
  readonly masters: readonly string[];
  readonly token: string;
  readonly searchMsMax?: number;
}

const address = /^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+):\d{1,5}$/;

function usage(message: string): EngineError {
  return new EngineError("USAGE", `connect: ${message}`);
}

export function checkConnectOptions({ masters, token, searchMsMax }: GivenOptions): void {
  if (!Array.isArray(masters) || masters.length === 0 || masters.length > mastersMax) {
    const found = Array.isArray(masters) ? `${masters.length} addresses` : typeof masters;
    throw usage(`masters must be 1 to ${mastersMax} addresses as HOST:PORT, not ${found}`);
  }
  for (const master of masters) {
    if (typeof master === "string" && address.test(master)) continue;
    throw usage(`masters must be addresses as 127.0.0.1:7101, not ${JSON.stringify(master)}`);
  }
  if (typeof token !== "string" || token === "") {
    throw usage("token must be the client token of the cluster, which is in MILLRACE_TOKEN there");
  }
  if (searchMsMax !== undefined && !(Number.isFinite(searchMsMax) && searchMsMax >= 1)) {
    throw usage(`searchMsMax must be a number of milliseconds from 1 on, not ${searchMsMax}`);
  }
}

/** Of `list`: how many jobs. */
export function checkListLimit(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1) return;
  throw new EngineError("USAGE", `list: the limit must be a whole number from 1 on, not ${limit}`);
}
