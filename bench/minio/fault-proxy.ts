// An HTTP proxy in front of an object store that loses requests and answers as a bad network does.
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from "node:http";

/**
 * `before`: the store never sees the request; `after`: the store has done it, but the answer is
 * replaced. The answer: a status, a 200 whose body is an error, a closed connection, or silence.
 */
export interface StoreNetworkFault {
  readonly when: "before" | "after";
  readonly answer: number | "okWithError" | "close" | "silence";
}

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** The next `times` requests that match meet the fault; the rest pass. */
  fail(
    fault: StoreNetworkFault,
    matches: (request: ProxiedRequest) => boolean,
    times: number,
  ): void;
  /** How often the faults of the last `fail` have struck. */
  struck(): number;
  stop(): Promise<void>;
}

interface Plan {
  readonly fault: StoreNetworkFault;
  readonly matches: (request: ProxiedRequest) => boolean;
  left: number;
  struck: number;
}

interface Whole {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const codes: Readonly<Record<number, string>> = {
  404: "NoSuchUpload",
  409: "ConditionalRequestConflict",
  412: "PreconditionFailed",
  500: "InternalError",
  503: "SlowDown",
};

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let plan: Plan | undefined;
  const server = createServer((request, response) => {
    handle(target, () => plan, request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    fail: (fault, matches, times) => {
      plan = { fault, matches, left: times, struck: 0 };
    },
    struck: () => plan?.struck ?? 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  target: string,
  planNow: () => Plan | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const plan = planNow();
  const seen = { method: request.method ?? "", url: request.url ?? "" };
  const strikes = plan !== undefined && plan.left > 0 && plan.matches(seen);
  if (!strikes) {
    answer(response, await forward(target, request, body));
    return;
  }
  plan.left--;
  if (plan.fault.when === "after") await forward(target, request, body);
  plan.struck++;
  const kind = plan.fault.answer;
  if (kind === "close") request.socket.destroy();
  else if (kind === "okWithError") answer(response, failure(200, "InternalError"));
  else if (kind !== "silence") answer(response, failure(kind, codes[kind] ?? "Injected"));
}

function failure(status: number, code: string): Whole {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`;
  return { status, headers: { "content-type": "application/xml" }, body: Buffer.from(xml) };
}

function answer(response: ServerResponse, whole: Whole): void {
  response.writeHead(whole.status, whole.headers);
  response.end(whole.body);
}

/** Passes the request on as it came, Host included: the signature covers it. */
function forward(target: string, request: IncomingMessage, body: Buffer): Promise<Whole> {
  return new Promise((resolve, reject) => {
    const { method, headers, url } = request;
    const options = { method, headers, path: url };
    const outgoing = send(target, options, (reply) => {
      bodyOf(reply).then(
        (replyBody) =>
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: replyBody }),
        reject,
      );
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
