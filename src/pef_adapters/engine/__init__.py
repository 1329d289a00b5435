"""The use cases of refunding, one module each; everything enters through them."""
