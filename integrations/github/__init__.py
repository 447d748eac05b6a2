"""GitHub: issues opened, talked about, labelled, handed to somebody, closed and found."""
