// The server's half of many calls over one gRPC stream: each is answered when it is, in any order.

import type { ServerDuplexStream } from "@grpc/grpc-js";
import { EngineError } from "../errors.ts";
import type { RpcCaller } from "../ports/rpc.ts";
import { CallReply, CallRequest } from "../wire/generated/calls.ts";
import { outgoingRecord } from "./error-record.ts";
import { toStatus } from "./grpc-errors.ts";

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** Rejects with what the caller is to be told. */
export type Answer = (path: string, body: Uint8Array, caller: RpcCaller) => Promise<Uint8Array>;

export interface CallStreams {
  /** `caller` was made sure of. */
  serve(stream: Stream, caller: RpcCaller): void;
  /** Ends each stream as soon as what is under way on it was answered, and begins nothing new. */
  close(): void;
}

export function createCallStreams(answer: Answer): CallStreams {
  /** Calls under way by stream. */
  const streams = new Map<Stream, number>();
  let isClosing = false;

  function write(stream: Stream, reply: CallReply): void {
    if (!streams.has(stream)) return;
    const bytes = CallReply.encode(reply).finish();
    const isTaken = stream.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    // Who does not read answers may not ask more either.
    if (!isTaken) stream.pause();
  }

  async function run(stream: Stream, request: CallRequest, caller: RpcCaller): Promise<void> {
    const { call, path, body } = request;
    streams.set(stream, (streams.get(stream) ?? 0) + 1);
    try {
      if (isClosing) throw new EngineError("UNAVAILABLE", "the server is shutting down");
      const value = await answer(path, body, caller);
      write(stream, { call, outcome: { $case: "body", value } });
    } catch (thrown) {
      const value = JSON.stringify(outgoingRecord(thrown));
      write(stream, { call, outcome: { $case: "errorJson", value } });
    }
    const left = (streams.get(stream) ?? 1) - 1;
    if (streams.has(stream)) streams.set(stream, left);
    if (isClosing && left === 0) end(stream);
  }

  function end(stream: Stream): void {
    streams.delete(stream);
    stream.end();
  }

  return {
    serve: (stream, caller) => {
      streams.set(stream, 0);
      stream.on("data", (bytes: Buffer) => {
        let request: CallRequest;
        try {
          request = CallRequest.decode(bytes);
        } catch (cause) {
          const what = `a call of ${bytes.length} bytes cannot be decoded`;
          streams.delete(stream);
          stream.emit("error", toStatus(new EngineError("MESSAGE_INVALID", what, {}, cause)));
          return;
        }
        void run(stream, request, caller);
      });
      stream.on("drain", () => stream.resume());
      stream.on("end", () => end(stream));
      stream.on("cancelled", () => streams.delete(stream));
    },
    close: () => {
      isClosing = true;
      for (const [stream, underWay] of streams) if (underWay === 0) end(stream);
    },
  };
}
