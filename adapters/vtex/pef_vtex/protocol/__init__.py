"""The payment provider protocol, a route each: what is asked, and how it is answered."""
