import type { RenditionName } from "../../wire/rendition.ts";
import type { Random } from "../model/random.ts";
import type { Agenda } from "./agenda.ts";
import type { Base } from "./bases.ts";
import type { Connections } from "./connection.ts";
import type { SwarmOrder } from "./contract.ts";
import type { LiveFacts } from "./facts.ts";
import type { PageFiles } from "./page-files.ts";
import type { Reference } from "./reference.ts";
import type { Tally } from "./tally.ts";

/** What all people of one process share. Moments are monotonic milliseconds. */
export interface Crowd {
  readonly order: SwarmOrder;
  readonly bases: readonly Base[];
  readonly connections: Connections;
  readonly agenda: Agenda;
  readonly tally: Tally;
  readonly facts: LiveFacts;
  readonly page: PageFiles;
  readonly random: Random;
  reference(rendition: RenditionName): Reference;
  /** The local address that the next connection is made from. */
  source(): string | undefined;
  /** Waits until a connection may be opened again. */
  wait(one: Waiting): void;
  /** Somebody is gone for good. */
  left(one: object): void;
}

export interface Waiting {
  /** There is room for another connection; false when it is not wanted any more. */
  admitted(): boolean;
}

/** Time between two events that come so often in the mean and at random, ms. */
export const exponential = (random: Random, mean: number): number => -Math.log(1 - random()) * mean * 1000;
