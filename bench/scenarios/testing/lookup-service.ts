// A service on loopback that knows the countries of addresses, and remembers when it was asked what.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  readonly address: string;
  readonly atMs: number;
}

export interface LookupServiceOptions {
  /** How long it takes to answer. */
  readonly answerMs?: number;
  /** For this address it always answers 503. */
  readonly failsFor?: string;
}

export interface LookupService extends AsyncDisposable {
  readonly url: string;
  /** In the order in which they came. */
  readonly calls: readonly Call[];
  /** How many calls were under way at once, at most. */
  readonly atOnceMax: number;
}

export async function startLookupService(
  countries: Readonly<Record<string, string>>,
  options: LookupServiceOptions = {},
): Promise<LookupService> {
  const { answerMs = 0, failsFor } = options;
  const calls: Call[] = [];
  let atOnce = 0;
  let atOnceMax = 0;
  const server = createServer((request, response) => {
    const address = decodeURIComponent((request.url ?? "").slice(1));
    calls.push({ address, atMs: performance.now() });
    atOnceMax = Math.max(atOnceMax, ++atOnce);
    const country = countries[address];
    const status = address === failsFor ? 503 : country === undefined ? 404 : 200;
    setTimeout(() => {
      atOnce--;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ country }));
    }, answerMs);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    get atOnceMax() {
      return atOnceMax;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
