/** A part of the stage: a server, a relay, a client process. */
export interface Part {
  /** Ends the part and removes what it has left on this machine. */
  remove(): Promise<void>;
  /** Never fulfilled; rejects when the part ends by itself, which ends the rehearsal. */
  readonly died: Promise<never>;
}
