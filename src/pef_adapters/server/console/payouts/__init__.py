"""The room of payouts: what is due, bank files, the bank's answers, and proofs."""
