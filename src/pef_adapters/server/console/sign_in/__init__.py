"""Sign in, sign out, and what one-time links lead to."""
