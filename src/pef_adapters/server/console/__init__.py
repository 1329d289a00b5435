"""The console: server-rendered pages on which people see and move refunds.

Every page works without a script. It calls `engine.gate` and nothing behind it.
"""
