// Connects to a cluster: joins the client to real sockets, clocks and object stores.

import { hostname } from "node:os";
import { realClock } from "../../proto/io/clock.ts";
import { createGrpcClient } from "../../proto/io/grpc-client.ts";
import { realRandom } from "../../proto/io/seed.ts";
import {
  type S3Options,
  scratchFromEnvironment,
  storeOptionsFromEnvironment,
} from "../../proto/io/store-options.ts";
import { createStores } from "../../proto/io/stores.ts";
import { createLeaderClient } from "../../proto/wire/leader-client.ts";
import { compileJob } from "./bundle-compile.ts";
import { type Client, createClient } from "./client.ts";
import { checkConnectOptions } from "./connect-options.ts";
import type { ClientWorld } from "./world.ts";

export type { S3Options };

export interface ConnectOptions {
  /** Addresses of the masters, `host:port`; one that runs is enough. */
  readonly masters: readonly string[];
  /** The cluster's client token. */
  readonly token: string;
  /** How long a leader is looked for before a call rejects with UNAVAILABLE, in milliseconds. */
  readonly searchMsMax?: number;
  /** Where `s3://` is and who may use it; without it the usual environment variables say so. */
  readonly s3?: S3Options;
}

/**
 * Connects to a cluster. Nothing is sent before the first call.
 * @param options addresses of the masters, and the token
 * @throws USAGE for what is no address, an empty token, or a time that is none
 * @example
 * const client = await connect({ masters: ["127.0.0.1:7101"], token: process.env.MILLRACE_TOKEN ?? "" });
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  checkConnectOptions(options);
  const { masters, token, searchMsMax } = options;
  const rpc = createGrpcClient({ token });
  const random = realRandom();
  const clock = realClock;
  const search = searchMsMax === undefined ? {} : { searchMsMax };
  const leader = createLeaderClient({ rpc, clock, masters, random, ...search });
  const store = createStores({ s3: options.s3 ?? storeOptionsFromEnvironment(process.env) });
  const scratchUri = scratchFromEnvironment(process.env);
  const scratch = scratchUri === undefined ? {} : { scratchUri };
  const world: ClientWorld = { leader, clock, random, store, ...scratch };
  const close = (): void => {
    leader.close();
    rpc.close();
  };
  const holder = `${hostname()}:${process.pid}`;
  const compile = (path: string, folder: string) => compileJob(path, folder, clock);
  return createClient({ world, workingFolder: process.cwd(), holder, compile, close });
}
