// Calls typed methods over gRPC: one channel per address, quick to return after a peer's restart.

import {
  type ChannelOptions,
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { EngineError } from "../errors.ts";
import {
  rpcChannelsMax,
  rpcKeepaliveMs,
  rpcKeepaliveTimeoutMs,
  rpcMessageBytesMax,
  rpcReconnectMsMax,
  rpcReconnectMsMin,
} from "../limits.ts";
import type { MessageCodec, RpcClient } from "../ports/rpc.ts";
import { fromServiceError } from "./grpc-errors.ts";

export interface GrpcClientOptions {
  readonly token: string;
  readonly messageBytesMax?: number;
}

interface Channel {
  readonly client: Client;
  inflight: number;
}

function channelOptions(messageBytesMax: number): ChannelOptions {
  return {
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
    "grpc.initial_reconnect_backoff_ms": rpcReconnectMsMin,
    "grpc.max_reconnect_backoff_ms": rpcReconnectMsMax,
    // A restarted container keeps its name but not its address; the default is to look after 30 s.
    "grpc.dns_min_time_between_resolutions_ms": rpcReconnectMsMax,
    "grpc.keepalive_time_ms": rpcKeepaliveMs,
    "grpc.keepalive_timeout_ms": rpcKeepaliveTimeoutMs,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_channelz": 0,
    // Calls go to the address they name, whatever the environment says about web proxies.
    "grpc.enable_http_proxy": 0,
  };
}

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** Open channels, least recently used first. */
function createChannels(messageBytesMax: number) {
  const channels = new Map<string, Channel>();
  return {
    to: (address: string): Channel => {
      const channel = channels.get(address) ?? {
        client: new Client(address, credentials.createInsecure(), channelOptions(messageBytesMax)),
        inflight: 0,
      };
      channels.delete(address);
      channels.set(address, channel);
      for (const [oldAddress, old] of channels) {
        if (channels.size <= rpcChannelsMax) break;
        if (old.inflight > 0 || old === channel) continue;
        channels.delete(oldAddress);
        old.client.close();
      }
      return channel;
    },
    close: (): void => {
      for (const { client } of channels.values()) client.close();
      channels.clear();
    },
  };
}

function decodeAnswer<Response>(
  codec: MessageCodec<Response>,
  bytes: Buffer,
  doing: string,
): Response {
  try {
    return codec.decode(bytes);
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const what = `${doing}: the answer of ${bytes.length} bytes is malformed: ${why}`;
    throw new EngineError("MESSAGE_INVALID", what, {}, thrown);
  }
}

export function createGrpcClient(options: GrpcClientOptions): RpcClient {
  const messageBytesMax = options.messageBytesMax ?? rpcMessageBytesMax;
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${options.token}`);
  const channels = createChannels(messageBytesMax);
  const calls = new Set<ClientUnaryCall>();
  let isClosed = false;

  const send = (address: string, path: string, bytes: Uint8Array, timeoutMs: number) =>
    new Promise<Buffer>((resolve, reject) => {
      const channel = channels.to(address);
      const doing = `${path} at ${address}`;
      channel.inflight += 1;
      const done = (error: ServiceError | null, response?: Buffer): void => {
        channel.inflight -= 1;
        calls.delete(call);
        if (error !== null) reject(fromServiceError(error, doing, timeoutMs));
        else if (response !== undefined) resolve(response);
        else reject(new EngineError("MESSAGE_INVALID", `${doing}: the peer sent no answer`));
      };
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const deadline = Date.now() + timeoutMs;
      const { client } = channel;
      const call = client.makeUnaryRequest(
        path,
        sameBytes,
        sameBytes,
        body,
        metadata,
        { deadline },
        done,
      );
      calls.add(call);
    });

  return {
    call: async (address, method, request, { timeoutMs }) => {
      const doing = `${method.path} at ${address}`;
      if (isClosed) throw new EngineError("UNAVAILABLE", `${doing}: this client is closed`);
      const bytes = method.request.encode(request).finish();
      if (bytes.length > messageBytesMax) {
        throw new EngineError(
          "LIMIT_EXCEEDED",
          `${doing}: the request has ${bytes.length} bytes, at most ${messageBytesMax} are allowed`,
          { limitBytes: messageBytesMax, peakBytes: bytes.length },
        );
      }
      const answer = await send(address, method.path, bytes, timeoutMs);
      return decodeAnswer(method.response, answer, doing);
    },
    close: () => {
      isClosed = true;
      for (const call of calls) call.cancel();
      channels.close();
    },
  };
}
