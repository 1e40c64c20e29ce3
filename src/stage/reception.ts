import type { ReceptionReport } from "./peer.ts";

/**
 * What arrives of one RTP stream, counted as RFC 3550 counts it (appendix A.1, A.3, A.8): highest sequence number with
 * its wraps, loss, interarrival jitter. A new SSRC starts a new count.
 */
export class Reception {
  #ssrc: number | undefined;
  #first = 0;
  #highest = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #lastTransit: number | undefined;
  #jitter = 0;

  /** Jitter in ms. */
  get jitterMs(): number {
    return this.#jitter / 48;
  }

  /**
   * @param timestamp RTP, samples at 48 kHz
   * @param arrivedMs on any steady clock
   * @returns the sequence number with its wraps counted
   */
  count(ssrc: number, sequence: number, timestamp: number, arrivedMs: number): number {
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#first = this.#highest = sequence;
      this.#received = this.#expectedBefore = this.#receivedBefore = 0;
      this.#lastTransit = undefined;
      this.#jitter = 0;
    }
    // The nearest number that has these lower 16 bits.
    const ahead = ((sequence - this.#highest) << 16) >> 16;
    const extended = this.#highest + ahead;
    // A jump by thousands is a sender that started anew (RFC 3550, A.1: MAX_DROPOUT), not a loss of thousands.
    if (Math.abs(ahead) > maxDropout) {
      this.#first = this.#highest = extended;
      this.#received = this.#expectedBefore = this.#receivedBefore = 0;
    } else if (ahead > 0) this.#highest = extended;
    this.#received++;
    const transit = (Math.round(arrivedMs * 48) - timestamp) | 0;
    if (this.#lastTransit !== undefined) {
      const change = Math.abs((transit - this.#lastTransit) | 0);
      // Beyond a second it is a new timeline, not jitter.
      if (change < 48_000) this.#jitter += (change - this.#jitter) / 16;
    }
    this.#lastTransit = transit;
    return extended;
  }

  /** Closes the interval since the last report; `undefined` while nothing was received. */
  report(): ReceptionReport | undefined {
    if (this.#ssrc === undefined) return undefined;
    const expected = this.#highest - this.#first + 1;
    const expectedNow = expected - this.#expectedBefore;
    const receivedNow = this.#received - this.#receivedBefore;
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    return {
      ssrc: this.#ssrc,
      fractionLost: expectedNow > 0 ? Math.max(0, (expectedNow - receivedNow) / expectedNow) : 0,
      lost: expected - this.#received,
      highestSequence: this.#highest,
      jitter: this.#jitter,
    };
  }
}

const maxDropout = 3000;
