"""What is remembered: of people, across conversations, and of a conversation, while it lasts."""
