"""The gate: every use case that somebody signed in, or a program with a token, can reach.

The console and the GraphQL API call these modules and nothing behind them. Each function
takes the actor, lets pass only what he may do, and leaves an entry in the audit for every
change. What an actor may not see answers like what is not there.
"""
