/** How replies of the change stream are requested. */
export interface ChangeStreamOptions {
  /**
   * How long the server may delay an empty reply. It does not report a write that no shape needs before that, so readers that wait
   * for such a write wait this long at most.
   */
  readonly awaitMsMax: number;
  /** The same after a reply with changes: an empty one then says that these were all of their time and transaction. */
  readonly settleMsMax: number;
  /** The same while somebody waits for the position. */
  readonly hurriedMsMax: number;
  /** Largest number of events per reply. The size starts at `batchSizeMin` and doubles while replies are full. */
  readonly batchSizeMin: number;
  readonly batchSizeMax: number;
  /** How long `close` waits for the server. After that, ending the session removes the cursor. */
  readonly closeMsMax: number;
}

export const changeStreamDefaults: ChangeStreamOptions = {
  awaitMsMax: 100,
  settleMsMax: 5,
  hurriedMsMax: 25,
  batchSizeMin: 64,
  batchSizeMax: 4096,
  closeMsMax: 500,
};
