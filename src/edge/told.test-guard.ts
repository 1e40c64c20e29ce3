import type { Socket } from "node:net";
import type { Guard, Misdeed } from "./guard.ts";

/** A guard that says what it is told to say, and notes what it is told. */
export class Told implements Guard {
  decision: "yes" | "later" | "drop" = "yes";
  isSpent = false;
  /** How many connections of an address have behaved. */
  behaved = 0;
  readonly arrived: string[] = [];
  readonly admitted: string[] = [];
  readonly seen: (readonly [address: string, what: Misdeed])[] = [];
  readonly vouched: string[] = [];
  readonly connections: Socket[] = [];
  ticks = 0;

  arrive(address: string, connection: Socket): "yes" | "later" | "drop" {
    this.arrived.push(address);
    this.connections.push(connection);
    return this.decision;
  }
  admit(address: string): "yes" | "later" | "drop" {
    this.admitted.push(address);
    return this.decision;
  }
  saw(address: string, what: Misdeed): boolean {
    this.seen.push([address, what]);
    return this.isSpent;
  }
  behavedAt(): number {
    return this.behaved;
  }
  vouch(address: string): void {
    this.vouched.push(address);
  }
  tick(): void {
    this.ticks++;
  }
  counted(what: Misdeed): number {
    return this.seen.filter(([, one]) => one === what).length;
  }
}
