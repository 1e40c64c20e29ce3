import type { AnswerHead } from "./answer-reader.ts";
import { type Base, requestFor } from "./bases.ts";
import { type Asker, Connection, type Connections } from "./connection.ts";

/** The most that an answer may be long. */
export const maxAnswerBytes = 1024 * 1024;
const number = 0;

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Asks one thing after the other for this process itself, at one edge until it fails, and then at the next. */
export class Inquirer implements Asker {
  readonly #bases: readonly Base[];
  readonly #connections: Connections;
  #at: number;
  #connection: Connection | undefined;
  #status = 0;
  #parts: Buffer[] = [];
  #length = 0;
  #settle: ((answer: Answer | undefined) => void) | undefined;

  constructor(bases: readonly Base[], first: number, connections: Connections) {
    this.#bases = bases;
    this.#at = first;
    this.#connections = connections;
  }

  /** The answer to a GET; undefined when there was none within `withinMs`. Not to be called before the one before has ended. */
  get(path: string, withinMs: number): Promise<Answer | undefined> {
    const base = this.#bases[this.#at % this.#bases.length];
    if (base === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.lost(), withinMs);
      this.#settle = (answer) => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(answer);
      };
      this.#parts = [];
      this.#length = 0;
      this.#connection ??= new Connection(base, undefined, false, this, this.#connections);
      this.#connection.ask(requestFor(base, path, number));
    });
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#settle?.(undefined);
  }

  /** What it asked last is to be asked elsewhere. */
  lost(): void {
    this.#at++;
    this.close();
  }

  read(): void {}

  head({ status }: AnswerHead): void {
    this.#status = status;
  }

  body(bytes: Buffer, from: number, to: number): void {
    this.#length += to - from;
    if (this.#length > maxAnswerBytes) return this.lost();
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  whole(keeps: boolean): void {
    if (!keeps) {
      this.#connection?.close();
      this.#connection = undefined;
    }
    this.#settle?.({ status: this.#status, body: Buffer.concat(this.#parts) });
  }
}
