"""A whole small world in one process, on virtual time, from one seed. See `play` and `campaign`."""
