import type http from "node:http";
import { nodeHttp, nodeHttps } from "./http.ts";

/** Milliseconds for which a server on another machine may take to accept a connection. */
export const connectWithinMs = 1500;

/**
 * Where a linked process answers: the path of a Unix socket, or the base URL of a server on another machine
 * (`http://host:port` or `https://host`, nothing behind it).
 */
export class Target {
  /** As it was given; it holds no secret. */
  readonly address: string;
  /** Whether the way there is the network. */
  readonly remote: boolean;
  readonly #connection: http.RequestOptions;
  readonly #secure: boolean;
  readonly #headers: http.OutgoingHttpHeaders;

  /** @param headers sent with every request, for example what shows who asks */
  constructor(address: string, headers: http.OutgoingHttpHeaders = {}) {
    this.address = address;
    this.#headers = headers;
    this.remote = /^https?:\/\//.test(address);
    this.#secure = address.startsWith("https:");
    this.#connection = this.remote ? connectionOf(new URL(address)) : { socketPath: address };
  }

  /** Kept connections to it. */
  agent(options: http.AgentOptions): http.Agent {
    return this.#secure ? new (nodeHttps().Agent)(options) : new nodeHttp.Agent(options);
  }

  /** Begins a request there; one whose connection does not come about within `connectWithinMs` fails. */
  request(options: http.RequestOptions, hear?: (response: http.IncomingMessage) => void): http.ClientRequest {
    const headers = { ...(options.headers as http.OutgoingHttpHeaders), ...this.#headers };
    const begin = this.#secure ? nodeHttps().request : nodeHttp.request;
    const request = begin({ ...options, ...this.#connection, headers }, hear);
    if (this.remote) limitConnecting(request, this.address, this.#secure);
    return request;
  }
}

const connectionOf = ({ protocol, hostname, port }: URL): http.RequestOptions => ({
  protocol,
  hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
  port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
});

function limitConnecting(request: http.ClientRequest, address: string, secure: boolean): void {
  request.once("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      const failure = new Error(`${address} did not accept a connection within ${connectWithinMs} ms`);
      request.destroy(Object.assign(failure, { code: "ETIMEDOUT", syscall: "connect" }));
    }, connectWithinMs);
    const stop = (): void => clearTimeout(timer);
    socket.once(secure ? "secureConnect" : "connect", stop).once("close", stop);
  });
}

/** The target of an address; one that is a target already stays what it is. */
export const targetOf = (address: string | Target): Target =>
  typeof address === "string" ? new Target(address) : address;
