// One signed S3 request and its answer, through the minio client; no retry, no thrown status.
import * as http from "node:http";
import * as https from "node:https";
import type { Client, ClientOptions } from "minio";
import { storeSilenceMsMax, storeSocketsMax } from "../limits/store.ts";
import { type S3Options, s3Address } from "./store-options.ts";
import { xmlText } from "./store-xml.ts";

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly bucket: string;
  readonly key?: string;
  /** Names and values, unescaped; an empty value is written `name=`. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface S3Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /**
   * S3's own word for what went wrong, like NoSuchUpload. Of no meaning when an object was read.
   */
  readonly errorCode: string;
}

export interface S3Client {
  /**
   * The server's answer, whatever its status. Throws where there was none: the outcome is then
   * unknown.
   */
  send(request: S3Request): Promise<S3Reply>;
  readonly amazon: boolean;
  /** For error messages; holds no credentials. */
  readonly endpoint: string;
}

/**
 * Carries a refusal past the minio client, which would retry it, or print it, or drop half of it.
 */
class Refusal extends Error {
  readonly reply: S3Reply;

  constructor(reply: S3Reply) {
    super(`status ${reply.status}`);
    this.name = "Refusal";
    this.reply = reply;
  }
}

export async function connectS3(
  options: S3Options,
  silenceMs: number = storeSilenceMsMax,
): Promise<S3Client> {
  // Loaded on first use: a process that only reads files does not pay for it.
  const { Client } = await import("minio");
  const address = s3Address(options);
  const agent = new (address.secure ? https : http).Agent({
    keepAlive: true,
    maxSockets: storeSocketsMax,
  });
  const settings: ClientOptions = {
    endPoint: address.host,
    port: address.port,
    useSSL: address.secure,
    pathStyle: address.pathStyle,
    transportAgent: agent,
    transport: transport(address.secure, silenceMs),
    retryOptions: { disableRetry: true },
    accessKey: options.accessKey ?? "",
    secretKey: options.secretKey ?? "",
    ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken }),
    ...(address.region === undefined ? {} : { region: address.region }),
  };
  const client = new Client(settings);
  const scheme = address.secure ? "https" : "http";
  return {
    send: (request) => send(client, request),
    amazon: address.amazon,
    endpoint: `${scheme}://${address.host}:${address.port}`,
  };
}

async function send(client: Client, request: S3Request): Promise<S3Reply> {
  const query = queryText(request.query ?? {});
  const body = request.body ?? new Uint8Array(0);
  try {
    const response = await client.makeRequestAsync(
      {
        method: request.method,
        bucketName: request.bucket,
        ...(request.key === undefined ? {} : { objectName: request.key }),
        ...(query === "" ? {} : { query }),
        headers: { ...request.headers },
      },
      Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      [200, 204, 206],
    );
    return await replyOf(response);
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

/** As signatures want it: everything but letters, digits and -._~ escaped. */
function queryText(query: Readonly<Record<string, string>>): string {
  const escaped = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
      return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
    });
  return Object.entries(query)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join("&");
}

async function replyOf(response: http.IncomingMessage): Promise<S3Reply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const failed = /^\s*(<\?xml[^>]*>)?\s*<Error[\s>]/.test(body.toString("utf8", 0, 256));
  const header = response.headers["x-minio-error-code"];
  const errorCode = (failed && xmlText(body.toString("utf8"), "Code")) || String(header ?? "");
  return { status: response.statusCode ?? 0, headers: response.headers, body, errorCode };
}

/** Node's own requests, with a bound on silence, and refusals handed over whole. */
function transport(secure: boolean, silenceMs: number): NonNullable<ClientOptions["transport"]> {
  const request = (
    options: https.RequestOptions,
    onResponse: (response: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const outgoing = (secure ? https : http).request(options, (response) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        onResponse(response);
        return;
      }
      replyOf(response).then(
        (reply) => outgoing.emit("error", new Refusal(reply)),
        (error) => outgoing.emit("error", error),
      );
    });
    outgoing.setTimeout(silenceMs, () => {
      outgoing.destroy(new Error(`the server was silent for ${silenceMs} ms`));
    });
    return outgoing;
  };
  return { request: request as typeof http.request };
}
