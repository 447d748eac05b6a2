"""Files that people send: what they are by their bytes, and answers from what stands in them."""
