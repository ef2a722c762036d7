// Serves typed methods over gRPC: who calls is settled before a byte of the message is read.

import {
  logVerbosity,
  type Metadata,
  Server,
  ServerCredentials,
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
  rpcKeepaliveMs,
  rpcKeepaliveTimeoutMs,
  rpcMessageBytesMax,
  rpcServerDrainMs,
} from "../limits.ts";
import type { RpcBinding, RpcCaller, RpcServer } from "../ports/rpc.ts";
import { toStatus } from "./grpc-errors.ts";

export interface RpcServerOptions {
  /** Loopback unless said otherwise: whoever can reach a port can try tokens on it. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly bindings: readonly RpcBinding[];
  readonly authenticate: (token: string) => RpcCaller | undefined;
  readonly messageBytesMax?: number;
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

async function answer(binding: RpcBinding, call: Call, options: RpcServerOptions): Promise<Buffer> {
  const path = binding.method.path;
  const caller = callerOf(call.metadata, options.authenticate);
  if (caller === undefined) throw unauthenticated();
  if (!binding.roles.includes(caller.role)) {
    throw new EngineError("FORBIDDEN", `a ${caller.role} token may not call ${path}`);
  }
  let request: unknown;
  try {
    request = binding.method.request.decode(call.request);
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const what = `request of ${call.request.length} bytes for ${path} is malformed: ${why}`;
    throw new EngineError("MESSAGE_INVALID", what, {}, thrown);
  }
  const response = await binding.handler(request, caller);
  const bytes = binding.method.response.encode(response).finish();
  const bytesMax = options.messageBytesMax ?? rpcMessageBytesMax;
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

/** Calls under way, so that a closing server can answer those that would hold it up. */
interface Inflight {
  readonly refusals: Set<(error: EngineError) => void>;
}

async function handle(
  binding: RpcBinding,
  call: Call,
  done: sendUnaryData<Buffer>,
  options: RpcServerOptions,
  { refusals }: Inflight,
): Promise<void> {
  let refuse: (error: EngineError) => void = () => {};
  const refused = new Promise<never>((_resolve, reject) => {
    refuse = reject;
  });
  try {
    if (refusals.size >= rpcCallsInflightMax) {
      throw new EngineError("UNAVAILABLE", `${refusals.size} calls are under way; try again later`);
    }
    refusals.add(refuse);
    done(null, await Promise.race([answer(binding, call, options), refused]));
  } catch (thrown) {
    const error = toEngineError(thrown);
    if (error.code === "INTERNAL") options.onInternalError?.(error, binding.method.path);
    done(toStatus(error));
  } finally {
    refusals.delete(refuse);
  }
}

interface Service {
  readonly definition: Record<string, ServiceDefinition[string]>;
  readonly handlers: UntypedServiceImplementation;
}

/** Messages pass gRPC as bytes: they are decoded behind the guard, where a failure has a type. */
function addBindings(server: Server, options: RpcServerOptions, inflight: Inflight): void {
  const services = new Map<string, Service>();
  for (const binding of options.bindings) {
    const path = binding.method.path;
    const [, serviceName, methodName] = /^\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    assert(serviceName !== undefined && methodName !== undefined, `method path ${path}`);
    const service = services.get(serviceName) ?? { definition: {}, handlers: {} };
    assert(service.definition[methodName] === undefined, `two bindings of ${path}`);
    services.set(serviceName, service);
    service.definition[methodName] = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: sameBytes,
      requestDeserialize: sameBytes,
      responseSerialize: sameBytes,
      responseDeserialize: sameBytes,
    };
    service.handlers[methodName] = (call: Call, done: sendUnaryData<Buffer>) => {
      void handle(binding, call, done, options, inflight);
    };
  }
  for (const { definition, handlers } of services.values()) {
    server.addService(definition, handlers);
  }
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
function shutDown(server: Server, { refusals }: Inflight): Promise<void> {
  return new Promise((resolve) => {
    const refuseTimer = setTimeout(() => {
      const error = new EngineError("UNAVAILABLE", "the server is shutting down; ask another");
      for (const refuse of refusals) refuse(error);
    }, rpcServerDrainMs);
    // A peer that does not take its answers holds the connection open.
    const forceTimer = setTimeout(() => server.forceShutdown(), 2 * rpcServerDrainMs);
    server.tryShutdown(() => {
      clearTimeout(refuseTimer);
      clearTimeout(forceTimer);
      resolve();
    });
  });
}

// The library prints to standard error what it also reports to us; our log has one form.
setLogVerbosity(logVerbosity.NONE);

export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const messageBytesMax = options.messageBytesMax ?? rpcMessageBytesMax;
  const server = new Server({
    interceptors: [guard(options.authenticate)],
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
    "grpc.max_concurrent_streams": pollsWaitingMax,
    "grpc.keepalive_time_ms": rpcKeepaliveMs,
    "grpc.keepalive_timeout_ms": rpcKeepaliveTimeoutMs,
    "grpc.enable_channelz": 0,
  });
  const inflight: Inflight = { refusals: new Set() };
  addBindings(server, options, inflight);
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
      closing ??= shutDown(server, inflight);
      return closing;
    },
  };
}
