"""Files that people send along: taken by the engine, read by a worker, and joined to what was said."""
