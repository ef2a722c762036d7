// Serves typed methods over gRPC: who calls is settled before a byte of the message is read.

import {
  logVerbosity,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { assert, EngineError, toEngineError } from "../errors.ts";
import {
  pollsWaitingMax,
  rpcCallsInflightMax,
  rpcEnvelopeBytesMax,
  rpcKeepaliveMs,
  rpcKeepaliveTimeoutMs,
  rpcMessageBytesMax,
  rpcServerDrainMs,
} from "../limits/rpc.ts";
import type { RpcBinding, RpcCaller, RpcServer } from "../ports/rpc.ts";
import { callStreamPath } from "./grpc-call-stream.ts";
import { type CallStreams, createCallStreams } from "./grpc-call-streams.ts";
import { toStatus } from "./grpc-errors.ts";

export interface RpcServerOptions {
  /** Loopback unless said otherwise: whoever can reach a port can try tokens on it. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly bindings: readonly RpcBinding[];
  readonly authenticate: (token: string) => RpcCaller | undefined;
  readonly messageBytesMax?: number;
  /** How long running calls may finish once the server closes: rpcServerDrainMs unless said otherwise. */
  readonly drainMs?: number;
  /** Told of every failure that is a mistake of ours; the caller learns its message only. */
  readonly onInternalError?: (error: EngineError, path: string) => void;
}

type Call = ServerUnaryCall<Buffer, Buffer>;

function callerOf(
  metadata: Metadata,
  authenticate: RpcServerOptions["authenticate"],
): RpcCaller | undefined {
  const values = metadata.get("authorization");
  const [value] = values;
  if (values.length !== 1 || typeof value !== "string") return undefined;
  const match = /^Bearer (\S+)$/.exec(value);
  return match?.[1] === undefined ? undefined : authenticate(match[1]);
}

function unauthenticated(): EngineError {
  return new EngineError(
    "UNAUTHENTICATED",
    "the call carries no valid access token; pass --token, --token-file or MILLRACE_TOKEN",
  );
}

/** Refuses strangers at the headers, so that they cannot make us hold their messages. */
function guard(authenticate: RpcServerOptions["authenticate"]): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            if (callerOf(metadata, authenticate) !== undefined) pass(metadata);
            else call.sendStatus(toStatus(unauthenticated()));
          },
        }),
    });
}

async function answer(
  binding: RpcBinding,
  body: Uint8Array,
  caller: RpcCaller,
  bytesMax: number,
): Promise<Buffer> {
  const path = binding.method.path;
  if (!binding.roles.includes(caller.role)) {
    throw new EngineError("FORBIDDEN", `a ${caller.role} token may not call ${path}`);
  }
  if (body.length > bytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `the request for ${path} has ${body.length} bytes, at most ${bytesMax} are allowed`,
      { limitBytes: bytesMax, peakBytes: body.length },
    );
  }
  let request: unknown;
  try {
    request = binding.method.request.decode(body);
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const what = `request of ${body.length} bytes for ${path} is malformed: ${why}`;
    throw new EngineError("MESSAGE_INVALID", what, {}, thrown);
  }
  const response = await binding.handler(request, caller);
  const bytes = binding.method.response.encode(response).finish();
  if (bytes.length > bytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `the answer of ${path} has ${bytes.length} bytes, at most ${bytesMax} are allowed`,
      { limitBytes: bytesMax, peakBytes: bytes.length },
    );
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const sameBytes = (bytes: Buffer): Buffer => bytes;

interface Calls {
  run(binding: RpcBinding, body: Uint8Array, caller: RpcCaller): Promise<Buffer>;
  /** Answers all that are under way with this. */
  refuse(error: EngineError): void;
}

/** Calls under way, so that a closing server can answer those that would hold it up. */
function createCalls(options: RpcServerOptions): Calls {
  const refusals = new Set<(error: EngineError) => void>();
  const bytesMax = options.messageBytesMax ?? rpcMessageBytesMax;

  async function run(binding: RpcBinding, body: Uint8Array, caller: RpcCaller): Promise<Buffer> {
    if (refusals.size >= rpcCallsInflightMax) {
      throw new EngineError("UNAVAILABLE", `${refusals.size} calls are under way; try again later`);
    }
    let refuse: (error: EngineError) => void = () => {};
    const refused = new Promise<never>((_resolve, reject) => {
      refuse = reject;
    });
    refusals.add(refuse);
    try {
      return await Promise.race([answer(binding, body, caller, bytesMax), refused]);
    } catch (thrown) {
      const error = toEngineError(thrown);
      if (error.code === "INTERNAL") options.onInternalError?.(error, binding.method.path);
      throw error;
    } finally {
      refusals.delete(refuse);
    }
  }

  return {
    run,
    refuse: (error) => {
      for (const refuse of refusals) refuse(error);
    },
  };
}

interface Service {
  readonly definition: Record<string, ServiceDefinition[string]>;
  readonly handlers: UntypedServiceImplementation;
}

/** Messages pass gRPC as bytes: they are decoded behind the guard, where a failure has a type. */
const bytesOnly = {
  requestSerialize: sameBytes,
  requestDeserialize: sameBytes,
  responseSerialize: sameBytes,
  responseDeserialize: sameBytes,
} as const;

/** Each method by itself: for large requests, and for clients that are not ours. */
function addBindings(server: Server, options: RpcServerOptions, calls: Calls): void {
  const services = new Map<string, Service>();
  for (const binding of options.bindings) {
    const path = binding.method.path;
    const [, serviceName, methodName] = /^\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    assert(serviceName !== undefined && methodName !== undefined, `method path ${path}`);
    const service = services.get(serviceName) ?? { definition: {}, handlers: {} };
    assert(service.definition[methodName] === undefined, `two bindings of ${path}`);
    services.set(serviceName, service);
    const kind = { requestStream: false, responseStream: false };
    service.definition[methodName] = { path, ...kind, ...bytesOnly };
    service.handlers[methodName] = (call: Call, done: sendUnaryData<Buffer>) => {
      const caller = callerOf(call.metadata, options.authenticate);
      if (caller === undefined) return done(toStatus(unauthenticated()));
      calls.run(binding, call.request, caller).then(
        (bytes) => done(null, bytes),
        (error: unknown) => done(toStatus(error)),
      );
    };
  }
  for (const { definition, handlers } of services.values()) {
    server.addService(definition, handlers);
  }
}

/** All methods over one stream for each connection, as our own clients call them. */
function addCallStreams(server: Server, options: RpcServerOptions, calls: Calls): CallStreams {
  const bindings = new Map(options.bindings.map((binding) => [binding.method.path, binding]));
  const streams = createCallStreams(async (path, body, caller) => {
    const binding = bindings.get(path);
    if (binding !== undefined) return calls.run(binding, body, caller);
    const what = `the peer does not know the method ${path}; are the versions equal?`;
    throw new EngineError("MESSAGE_INVALID", what);
  });
  const kind = { requestStream: true, responseStream: true };
  server.addService(
    { stream: { path: callStreamPath, ...kind, ...bytesOnly } },
    {
      stream: (stream: ServerDuplexStream<Buffer, Buffer>) => {
        const caller = callerOf(stream.metadata, options.authenticate);
        if (caller === undefined) stream.emit("error", toStatus(unauthenticated()));
        else streams.serve(stream, caller);
      },
    },
  );
  return streams;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
        return;
      }
      const what =
        `cannot listen on ${target}: ${error.message}; ` +
        `choose another port or stop the process that holds it`;
      reject(new EngineError("UNAVAILABLE", what, {}, error));
    });
  });
}

/** Lets running calls finish, but not for long: a long poll would hold a restart up. */
function shutDown(
  server: Server,
  calls: Calls,
  streams: CallStreams,
  drainMs = rpcServerDrainMs,
): Promise<void> {
  return new Promise((resolve) => {
    const refuseTimer = setTimeout(() => {
      calls.refuse(new EngineError("UNAVAILABLE", "the server is shutting down; ask another"));
    }, drainMs);
    // A peer that does not take its answers holds the connection open.
    const forceTimer = setTimeout(() => server.forceShutdown(), 2 * drainMs);
    server.tryShutdown(() => {
      clearTimeout(refuseTimer);
      clearTimeout(forceTimer);
      resolve();
    });
    streams.close();
  });
}

// The library prints to standard error what it also reports to us; our log has one form.
setLogVerbosity(logVerbosity.NONE);

export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const messageBytesMax = options.messageBytesMax ?? rpcMessageBytesMax;
  const server = new Server({
    interceptors: [guard(options.authenticate)],
    "grpc.max_receive_message_length": messageBytesMax + rpcEnvelopeBytesMax,
    "grpc.max_send_message_length": messageBytesMax + rpcEnvelopeBytesMax,
    "grpc.max_concurrent_streams": pollsWaitingMax,
    "grpc.keepalive_time_ms": rpcKeepaliveMs,
    "grpc.keepalive_timeout_ms": rpcKeepaliveTimeoutMs,
    "grpc.enable_channelz": 0,
  });
  const calls = createCalls(options);
  addBindings(server, options, calls);
  const streams = addCallStreams(server, options, calls);
  const host = options.host ?? "127.0.0.1";
  let port: number;
  try {
    port = await listen(server, host, options.port);
  } catch (thrown) {
    server.forceShutdown();
    throw thrown;
  }
  let closing: Promise<void> | undefined;
  return {
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    close: () => {
      closing ??= shutDown(server, calls, streams, options.drainMs);
      return closing;
    },
  };
}
