"""The stores of a simulated world: one module for each platform, all alike to the world."""
