"""HTTP: what the outside may send us. Thin: it checks bounds and calls use cases."""
