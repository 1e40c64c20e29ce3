import type http from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { addressSubject } from "../foundation/address.ts";
import type { Milliseconds } from "../foundation/duration.ts";
import { Problem } from "../foundation/errors.ts";
import type { Target } from "../foundation/target.ts";
import { clientAddress, noTrust, type Trust } from "./client-address.ts";
import { controlAway, controlPatienceMs, headersFor, nothingWasSent } from "./proxy.ts";
import { attemptHeader, isRetry, thresholdHeader, writtenThreshold } from "../wire/threshold.ts";
import { answerRaw, letGo, refuseRaw } from "./raw-answer.ts";
import { overloaded } from "./respond.ts";
import { noTurns, type Turns } from "./turns.ts";
import { FrameEnds, serviceRestart } from "./websocket-frames.ts";

/** How many WebSockets go through one edge at once. */
export const maxWebSockets = 5000;
const retryMs = 100;

/** The one address that is upgraded. */
const roomPath = /^\/api\/v1\/spaces\/[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\/room$/;

/** Whether a request asks for the upgrade that this edge passes on; any other wish to upgrade is ignored. */
export const isRoomUpgrade = (request: http.IncomingMessage): boolean =>
  request.method === "GET" &&
  request.headers.upgrade?.toLowerCase() === "websocket" &&
  roomPath.test((request.url ?? "").split("?", 1)[0] ?? "");

export interface WebSocketProxyOptions {
  /** Where control answers now: here, or at the edge that is followed. */
  readonly control: () => Target;
  readonly counts: { webSocketOverflow: number; slowCloses: number };
  /** @default noTrust */
  readonly trust?: Trust;
  /** @default maxWebSockets */
  readonly maxSockets?: number | undefined;
  /** Says when a request may go to control. @default noTurns */
  readonly turns?: Turns | undefined;
  /** Milliseconds for which a client that is owed bytes may take none of them. */
  readonly undrainedMs: number;
}

/** WebSockets to control: once it says 101, bytes pass both ways; any other answer ends the client's connection. */
export class WebSocketProxy {
  readonly #options: WebSocketProxyOptions;
  /** The clients, and how each is told to come again once it is connected to control. */
  readonly #open = new Map<Duplex, (() => void) | undefined>();

  /** Of those that are owed bytes: how many they had taken, and since when (monotonic ms) no more. */
  readonly #owed = new Map<Duplex, { readonly taken: number; readonly since: number }>();

  constructor(options: WebSocketProxyOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes over a client's socket; `early` is what it sent already. */
  handle(request: http.IncomingMessage, client: Duplex, early: Buffer): void {
    client.on("error", () => client.destroy());
    const most = this.#options.maxSockets ?? maxWebSockets;
    if (this.#open.size >= most) {
      this.#options.counts.webSocketOverflow++;
      return refuseRaw(client, overloaded("WebSockets", most, 5));
    }
    this.#open.set(client, undefined);
    const abort = new AbortController();
    client.once("close", () => {
      this.#open.delete(client);
      this.#owed.delete(client);
      abort.abort();
    });
    this.#connect(request, abort.signal).then(
      ({ answer, control, early: first }) => {
        if (!control) return refuseLike(client, answer);
        this.#open.set(client, relay(client, control, early, first, answer));
      },
      (failure: unknown) => {
        const share = this.#options.turns?.share("stage") ?? 1;
        const told = share < 1 ? [`${thresholdHeader}: ${writtenThreshold(share)}`] : [];
        refuseRaw(client, failure instanceof Problem ? failure : controlAway(failure), told);
      },
    );
  }

  /** Closes them one by one, spread over the window, with 1012: come again. Resolves when all are gone. */
  async leave(window: Milliseconds): Promise<void> {
    const clients = [...this.#open.keys()];
    for (const client of clients) setTimeout(() => this.#open.get(client)?.(), Math.random() * window);
    await Promise.all(clients.map((client) => new Promise((gone) => client.once("close", gone))));
  }

  /** Closes those who have taken nothing of what they are owed for too long. To be called some times a minute or more. */
  sweep(now: number): void {
    for (const client of this.#open.keys()) {
      const owed = client.writableLength;
      const taken = client instanceof Socket ? client.bytesWritten - owed : 0;
      const before = this.#owed.get(client);
      if (owed === 0) this.#owed.delete(client);
      else if (before?.taken !== taken) this.#owed.set(client, { taken, since: now });
      else if (now - before.since >= this.#options.undrainedMs) {
        this.#options.counts.slowCloses++;
        client.destroy();
      }
    }
  }

  /** Closes all of them at once. */
  end(): void {
    for (const client of this.#open.keys()) client.destroy();
  }

  async #connect(request: http.IncomingMessage, signal: AbortSignal): Promise<Upgraded> {
    const until = performance.now() + controlPatienceMs;
    const { turns = noTurns, trust = noTrust } = this.#options;
    const address = addressSubject(clientAddress(request, trust));
    for (;;) {
      const turn = await turns.enter("stage", address, signal, isRetry(request.headers[attemptHeader]));
      try {
        const upgraded = await this.#attempt(request, signal);
        turn.done(true);
        return upgraded;
      } catch (failure) {
        turn.done(false);
        if (signal.aborted || !nothingWasSent(failure) || performance.now() >= until) throw failure;
        await sleep(retryMs, undefined, { signal });
      }
    }
  }

  #attempt(request: http.IncomingMessage, signal: AbortSignal): Promise<Upgraded> {
    const { promise, resolve, reject } = Promise.withResolvers<Upgraded>();
    const control = this.#options.control();
    const sent = control.request({
      agent: false,
      path: request.url,
      signal,
      timeout: 10_000,
      headers: {
        ...headersFor(control, request, this.#options.trust ?? noTrust),
        connection: "Upgrade",
        upgrade: "websocket",
      },
    });
    sent.on("upgrade", (answer, socket, early) => resolve({ answer, control: socket, early }));
    sent.on("response", (answer) => resolve({ answer, control: undefined, early: Buffer.alloc(0) }));
    sent.on("timeout", () => sent.destroy(new Error("control did not answer the upgrade")));
    sent.on("error", reject);
    sent.end();
    return promise;
  }
}

interface Upgraded {
  readonly answer: http.IncomingMessage;
  /** The socket to control; `undefined` when it refused. */
  readonly control: Duplex | undefined;
  readonly early: Buffer;
}

/** Passes bytes both ways. The function returned ends it between two frames of control's, with a close frame to the client. */
function relay(
  client: Duplex,
  control: Duplex,
  fromClient: Buffer,
  fromControl: Buffer,
  answer: http.IncomingMessage,
): () => void {
  const head = ["HTTP/1.1 101 Switching Protocols"];
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
    head.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
  client.write(`${head.join("\r\n")}\r\n\r\n`, "latin1");
  if (fromControl.length > 0) client.write(fromControl);
  if (fromClient.length > 0) control.write(fromClient);
  // Control minds idle connections; when either side is gone, so is the other.
  for (const socket of [client, control]) if (socket instanceof Socket) socket.setTimeout(0);
  // What the client still says after control has ended is an error of this side, and no reason to cut the client off.
  control.on("error", () => {});
  client.once("close", () => control.destroy());
  const frames = new FrameEnds();
  frames.push(fromControl);
  client.pipe(control).pipe(client);
  control.on("data", (bytes: Buffer) => frames.push(bytes));
  control.once("close", () => {
    client.unpipe(control);
    letGo(client);
  });
  const leave = (): void => {
    if (!frames.atEnd) return void control.once("data", leave);
    control.unpipe(client);
    control.resume();
    client.write(serviceRestart);
    letGo(client);
  };
  return leave;
}

/** Passes a refusal of control on, and ends: nothing the client sends after it reaches control. */
function refuseLike(client: Duplex, answer: http.IncomingMessage): void {
  const parts: Buffer[] = [];
  answer.on("data", (part: Buffer) => parts.push(part));
  answer.on("error", () => client.destroy());
  answer.on("end", () =>
    answerRaw(client, answer.statusCode ?? 502, answer.headers["content-type"] ?? "text/plain", Buffer.concat(parts)),
  );
}
