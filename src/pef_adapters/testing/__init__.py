"""Shipped for tests and demos: fakes on the real wire, and the suites that prove an adapter."""
