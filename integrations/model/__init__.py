"""A model that answers from material it is given, and what stands in for it where there is none."""
