"""The console's page on which a person finds a payment and presses a refund."""
