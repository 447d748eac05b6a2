"""What is going on in all the places where work is written down: collected, and told in short."""
