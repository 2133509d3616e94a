/** Who takes shoppers' payments and tells us of them. Their money reaches the wallet as a transfer of the ledger. */
export type PaymentProvider = {
  name: string
  /** What an account has been told to have paid and has not got in its wallet yet, in fen. */
  pendingInFen(accountId: number): Promise<number>
}
