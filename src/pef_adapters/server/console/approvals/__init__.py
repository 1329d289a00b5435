"""The room of approvals: what is held, and what people say about it."""
