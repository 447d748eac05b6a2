"""What is to be done again and again, at the times that somebody named."""
