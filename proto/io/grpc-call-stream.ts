// The client's half of many calls over one gRPC stream, which costs a fifth of a gRPC call each.

import type { Client, ClientDuplexStream, Metadata, StatusObject } from "@grpc/grpc-js";
import { EngineError } from "../errors.ts";
import { CallReply, CallRequest } from "../wire/generated/calls.ts";
import { parseErrorRecord } from "./error-record.ts";
import { fromServiceError } from "./grpc-errors.ts";

/** A gRPC method of its own; every call to any other method may travel through it. */
export const callStreamPath = "/millrace.Calls/Stream";

export interface CallStream {
  /** The answer's bytes. Rejects like a call of its own would. */
  call(path: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** Ends all calls under way as UNAVAILABLE. */
  close(): void;
}

interface Pending {
  readonly doing: string;
  readonly timeoutMs: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: EngineError) => void;
}

type Stream = ClientDuplexStream<Buffer, Buffer>;

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** Opened by the first call, and again by the first one after it broke. */
export function createCallStream(client: Client, address: string, metadata: Metadata): CallStream {
  const pending = new Map<number, Pending>();
  let stream: Stream | undefined;
  let nextCall = 1;

  function take(call: number): Pending | undefined {
    const found = pending.get(call);
    if (found === undefined) return undefined;
    pending.delete(call);
    clearTimeout(found.timer);
    return found;
  }

  function onData(bytes: Buffer): void {
    let reply: CallReply;
    try {
      reply = CallReply.decode(bytes);
    } catch {
      // Whose answer it was cannot be told: everyone asks again.
      stream?.cancel();
      return;
    }
    // Without one its time was over already.
    const waiting = take(reply.call);
    if (waiting === undefined) return;
    const { outcome } = reply;
    if (outcome?.$case === "errorJson") waiting.reject(errorOf(outcome.value, waiting.doing));
    else waiting.resolve(outcome?.value ?? new Uint8Array(0));
  }

  /** Whether the peer acted on what was under way is unknown. */
  function onStatus(status: StatusObject): void {
    stream = undefined;
    for (const call of [...pending.keys()]) {
      const waiting = take(call);
      waiting?.reject(fromServiceError(status, waiting.doing, waiting.timeoutMs));
    }
  }

  function open(): Stream {
    const opened = client.makeBidiStreamRequest(callStreamPath, sameBytes, sameBytes, metadata);
    opened.on("data", onData);
    opened.on("status", (status) => {
      if (stream === opened) onStatus(status);
    });
    // It comes with a status, too.
    opened.on("error", () => {});
    return opened;
  }

  return {
    call: (path, body, timeoutMs) =>
      new Promise((resolve, reject) => {
        const call = nextCall++;
        const doing = `${path} at ${address}`;
        const timer = setTimeout(() => {
          pending.delete(call);
          const what = `${doing}: no answer within ${timeoutMs} ms`;
          reject(new EngineError("DEADLINE", what, { deadlineMs: timeoutMs }));
        }, timeoutMs);
        pending.set(call, { doing, timeoutMs, timer, resolve, reject });
        stream ??= open();
        const bytes = CallRequest.encode({ call, path, body }).finish();
        stream.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      }),
    close: () => stream?.cancel(),
  };
}

function errorOf(json: string, doing: string): EngineError {
  const sent = parseErrorRecord(json);
  return sent ?? new EngineError("MESSAGE_INVALID", `${doing}: the peer sent an unreadable error`);
}
