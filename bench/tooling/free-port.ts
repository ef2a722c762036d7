// A port of this machine for a server that starts in a moment, and again after its end.

import { createServer } from "node:net";

/** Below those that systems give to connections: none of these takes the port between two starts of its server. */
const firstPort = 16_000;
const ports = 16_000;
/** Processes that run at the same time ask for ports in other places of the range. */
const portsPerProcess = 61;
let asked = (process.pid * portsPerProcess) % ports;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** No two calls of a process answer the same one. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < ports; tries++) {
    const port = firstPort + (asked++ % ports);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of the ports ${firstPort} to ${firstPort + ports - 1} is free`);
}
