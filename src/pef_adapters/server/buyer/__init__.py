"""The page behind a buyer's link, where a refund's bank details are given."""
